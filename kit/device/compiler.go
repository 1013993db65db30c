package device

import (
	"runtime"
	"sync"

	"github.com/gomlx/compute"
)

// oneCompiler is a backend that compiles all programs on one thread of the system. XLA's compiler
// keeps some of its last program, about 5,000 blocks of the C heap, for each thread that it was called
// from until that thread compiles again, and pages around each of them stay with the process: Go calls
// from whichever thread is at hand, so that a process that trains again and again would grow with the
// number of its threads.
type oneCompiler struct{ compute.Backend }

// Builder is the backend's, which compiles on the thread.
func (b oneCompiler) Builder(name string) compute.Builder {
	return oneCompilerBuilder{b.Backend.Builder(name)}
}

type oneCompilerBuilder struct{ compute.Builder }

// Compile waits for the programs that others have it compile.
func (b oneCompilerBuilder) Compile() (executable compute.Executable, err error) {
	onCompiler(func() { executable, err = b.Builder.Compile() })
	return executable, err
}

// compiler does what it is sent, one after the other, on a thread of its own.
var compiler = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for do := range work {
			do()
		}
	}()
	return work
})

// onCompiler waits until the compiler has done it. A panic there is one here.
func onCompiler(do func()) {
	done := make(chan any)
	compiler() <- func() {
		defer func() { done <- recover() }()
		do()
	}
	if failure := <-done; failure != nil {
		panic(failure)
	}
}
