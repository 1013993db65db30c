package train

import (
	"fmt"

	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device"
)

// Initialise gives the variables of a store that have no value yet their initial ones. They are
// drawn by GoMLX's Go backend whatever trains: XLA would first compile a program of one kernel for
// each variable, which takes a ResNet-18 two seconds, to run it once. So the initial weights of a
// seed are also the same on every device.
func Initialise(store *model.Store) error {
	drawing, err := device.OpenGo()
	if err != nil {
		return err
	}
	if err := store.InitializeVariables(drawing, nil); err != nil {
		return fmt.Errorf("drawing the initial values of the variables: %w", err)
	}
	for v := range store.IterVariables() {
		value, err := v.Value()
		if err != nil {
			return fmt.Errorf("the initial value of variable %s: %w", v.Path(), err)
		}
		if !value.IsOnAnyDevice() {
			continue
		}
		if on, err := value.Backend(); err != nil {
			return fmt.Errorf("the initial value of variable %s: %w", v.Path(), err)
		} else if on != drawing {
			continue
		}
		if err := value.ToLocal(); err != nil { // From where every backend takes it.
			return fmt.Errorf("the initial value of variable %s: %w", v.Path(), err)
		}
	}
	return nil
}
