package kit

import (
	"fmt"

	"sslkit/data"
	"sslkit/kit/device"
	"sslkit/kit/rundir"
	"sslkit/kit/train"
)

// Pretrain trains the recipe's encoder on its images, without their labels, and keeps all of it in
// the directory dir, which is created where it is missing. It is idempotent on dir: a finished run
// is loaded at once, an interrupted one goes on at its last checkpoint and ends in the same bits as
// if it had not been interrupted.
//
// It is an error if a setting is out of range (before anything is compiled), if dir holds a run of
// another recipe or of other images (the error shows the difference), if another process is writing
// there (it is named), if the loss or the gradient stops being a number (the error says at which
// step and what broke; the last checkpoint stays), and if the user interrupts it (the error says
// which checkpoint is kept, that of the step it was in if that has ended in time).
func Pretrain(dir string, recipe Recipe) (*Run, error) {
	var run *Run
	err := train.Catch(func() (err error) {
		run, err = pretrain(rundir.Dir(dir), recipe)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("pretraining in %s: %w", dir, err)
	}
	return run, nil
}

func pretrain(dir rundir.Dir, recipe Recipe) (*Run, error) {
	set, err := recipe.open(data.Train)
	if err != nil {
		return nil, err
	}
	defer set.Close()
	recipe, plan, err := recipe.plan(set)
	if err != nil {
		return nil, err
	}
	run := &Run{Dir: string(dir), Recipe: recipe}
	if dir.Finished() { // Nothing is written, so any number of readers may come, also where only reading is allowed.
		if err := matchRecipe(dir, recipe); err != nil {
			return nil, err
		}
		return run, dir.MatchEnvironment(set)
	}

	if err := dir.Make(); err != nil {
		return nil, err
	}
	lock, err := dir.Lock()
	if err != nil {
		return nil, err
	}
	defer lock.Release()
	if err := matchRecipe(dir, recipe); err != nil {
		return nil, err
	}
	if _, err := device.Open(); err != nil { // Before env.json names it.
		return nil, err
	}
	if err := dir.MatchEnvironment(set); err != nil {
		return nil, err
	}
	if dir.Finished() { // By another process, while this one waited for nothing but the lock.
		return run, nil
	}
	fmt.Printf("%s, %s on %s: %d steps of %d images, on %s\n", recipe.Method.Name(), recipe.Encoder.Name(), set.Name(),
		recipe.Steps, recipe.Batch, device.Describe())
	return run, plan.Train(dir, set)
}
