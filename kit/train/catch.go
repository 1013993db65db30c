package train

import "github.com/gomlx/gomlx/support/exceptions"

// Catch runs code that builds graphs, which panics where it fails, and makes the panic an error.
func Catch(run func() error) error {
	var err error
	if caught := exceptions.TryCatch[error](func() { err = run() }); caught != nil {
		return caught
	}
	return err
}
