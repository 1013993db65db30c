package device

import (
	"runtime"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

// oneCompiler is a backend that compiles all programs on one thread of the system. XLA's compiler
// keeps some of its last program, about 5,000 blocks of the C heap, for each thread that it was called
// from until that thread compiles again, and pages around each of them stay with the process. Go calls
// from whichever thread is at hand, so that a process that trains again and again would grow with the
// number of its threads.
//
// GoMLX asks a buffer for its backend, and takes only those of the one that it computes on: so the
// buffers are this backend's too.
type oneCompiler struct{ compute.Backend }

// Builder is the backend's, which compiles on the thread.
func (b oneCompiler) Builder(name string) compute.Builder {
	return oneCompilerBuilder{b.Backend.Builder(name), b}
}

// BufferFromFlatData is the backend's.
func (b oneCompiler) BufferFromFlatData(device compute.DeviceNum, flat any, shape shapes.Shape) (compute.Buffer, error) {
	buffer, err := b.Backend.BufferFromFlatData(device, flat, shape)
	return b.own(buffer), err
}

// NewSharedBuffer is the backend's.
func (b oneCompiler) NewSharedBuffer(device compute.DeviceNum, shape shapes.Shape) (buffer compute.Buffer, flat any, err error) {
	buffer, flat, err = b.Backend.NewSharedBuffer(device, shape)
	return b.own(buffer), flat, err
}

// own makes a buffer of the backend one of b.
func (b oneCompiler) own(buffer compute.Buffer) compute.Buffer {
	if buffer == nil {
		return nil
	}
	return oneCompilerBuffer{buffer, b}
}

type oneCompilerBuffer struct {
	compute.Buffer
	of oneCompiler
}

func (b oneCompilerBuffer) Backend() compute.Backend { return b.of }

func (b oneCompilerBuffer) CopyToDevice(device compute.DeviceNum) (compute.Buffer, error) {
	buffer, err := b.Buffer.CopyToDevice(device)
	return b.of.own(buffer), err
}

type oneCompilerBuilder struct {
	compute.Builder
	of oneCompiler
}

// Compile waits for the programs that others have it compile.
func (b oneCompilerBuilder) Compile() (executable compute.Executable, err error) {
	onCompiler(func() { executable, err = b.Builder.Compile() })
	if executable == nil {
		return nil, err
	}
	return oneCompilerExecutable{executable, b.of}, err
}

type oneCompilerExecutable struct {
	compute.Executable
	of oneCompiler
}

// Execute hands the backend's own buffers over.
func (e oneCompilerExecutable) Execute(inputs []compute.Buffer, donate []bool, device compute.DeviceNum) ([]compute.Buffer, error) {
	theirs := make([]compute.Buffer, len(inputs))
	for i, buffer := range inputs {
		theirs[i] = buffer
		if ours, ok := buffer.(oneCompilerBuffer); ok {
			theirs[i] = ours.Buffer
		}
	}
	outputs, err := e.Executable.Execute(theirs, donate, device)
	for i, buffer := range outputs {
		outputs[i] = e.of.own(buffer)
	}
	return outputs, err
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
