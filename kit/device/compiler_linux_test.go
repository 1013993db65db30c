package device

import (
	"sync"
	"syscall"
	"testing"

	"github.com/gomlx/compute"
)

// threadBackend notes the threads that it compiles on.
type threadBackend struct {
	compute.Backend
	mu      sync.Mutex
	threads map[int]int
}

type threadBuilder struct {
	compute.Builder
	name string
	of   *threadBackend
}

func (b *threadBackend) Builder(name string) compute.Builder {
	return threadBuilder{name: name, of: b}
}

func (b threadBuilder) Compile() (compute.Executable, error) {
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	b.of.threads[syscall.Gettid()]++
	if b.name == "bad" {
		panic("a bad program")
	}
	return nil, nil
}

func TestAllIsCompiledOnOneThread(t *testing.T) {
	t.Parallel()
	noting := &threadBackend{threads: map[int]int{}}
	backend := oneCompiler{noting}
	var wait sync.WaitGroup
	const programs = 50
	for range programs {
		wait.Go(func() {
			if _, err := backend.Builder("good").Compile(); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if len(noting.threads) != 1 {
		t.Errorf("compiled on the threads %v, want one", noting.threads)
	}
	for _, n := range noting.threads {
		if n != programs {
			t.Errorf("%d programs were compiled, want %d", n, programs)
		}
	}
}

func TestPanicOfTheCompilerComesBack(t *testing.T) {
	t.Parallel()
	backend := oneCompiler{&threadBackend{threads: map[int]int{}}}
	defer func() {
		if got := recover(); got != "a bad program" {
			t.Errorf("recovered %v", got)
		}
		if _, err := backend.Builder("good").Compile(); err != nil { // It still works.
			t.Error(err)
		}
	}()
	_, err := backend.Builder("bad").Compile()
	t.Errorf("no panic, error %v", err)
}
