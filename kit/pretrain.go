package kit

import (
	"cmp"
	"fmt"

	"sslkit/data"
	"sslkit/kit/device"
	"sslkit/kit/rundir"
	"sslkit/kit/train"
)

// ErrDiverged is the error of a training whose loss, gradient or weights are no longer numbers.
var ErrDiverged = train.ErrDiverged

// Pretrain trains the recipe's encoder on its images, without their labels, and keeps all of it in
// the directory dir, which is created where it is missing. It is idempotent on dir: a finished run
// is loaded at once, an interrupted one goes on at its last checkpoint and ends in the same bits as
// if it had not been interrupted.
//
// What is read back is verified. Where the last checkpoint is damaged, a training goes on at the one
// before it and says so; any other part of a run that is missing or damaged is an error that names
// the file.
//
// It is an error if a setting is out of range (before anything is compiled), if dir holds a run of
// another recipe or of other images (the error shows the difference) or one that began under other
// conditions (see Recipe.ResumeElsewhere), if another process is writing there (it is named), if
// dir is removed meanwhile, if the loss or the gradient stops being a number (the error says at
// which step and what broke; the last checkpoint stays), and if the user interrupts it (the error
// says which checkpoint is kept, that of the step it was in if that has ended in time, or that the
// run was finished meanwhile).
//
// errors.Is tells an ErrDiverged from the others.
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
		return run, matchFinished(dir, recipe, set)
	}

	if err := checkPlan(plan); err != nil {
		return nil, err
	}
	if err := dir.Make(); err != nil {
		return nil, err
	}
	lock, err := dir.Lock()
	if err != nil {
		return nil, err
	}
	defer lock.Release()
	if dir.Finished() { // By another process, since it was looked at above.
		return run, matchFinished(dir, recipe, set)
	}
	if _, err := device.Open(); err != nil { // Before env.json names it.
		return nil, err
	}
	if err := beginOrGoOn(dir, recipe, set); err != nil {
		return nil, err
	}
	if recipe.Steps > 0 {
		fmt.Printf("%s, %s on %s: %d steps of %d images, on %s\n", recipe.Method.Name(), recipe.Encoder.Name(), set.Name(),
			recipe.Steps, recipe.Batch, device.Describe())
	}
	if warning := recipe.EMAWarning(); warning != "" {
		fmt.Println(warning)
	}
	sayLeftOut(set, true)
	if plan.Trackers = recipe.Track; len(recipe.Track) > 0 {
		if plan.Shown, err = run.shown(); err != nil {
			return nil, err
		}
	}
	return run, plan.Train(dir, lock, set)
}

// checkPlan returns an error where devices or held-out images are missing that a training needs.
func checkPlan(plan train.Plan) error {
	if plan.Steps == 0 { // Nothing is trained.
		return nil
	}
	return cmp.Or(plan.CheckDevices(), plan.CheckHeldOut())
}

// matchFinished returns an error where a part of a finished run is missing or damaged, or where the
// run is of another recipe or of other images.
func matchFinished(dir rundir.Dir, recipe Recipe, set data.Set) error {
	if err := dir.Check(); err != nil {
		return err
	}
	if verified, _ := dir.Verifiable(); !verified { // Check has told its error.
		fmt.Printf("the run in %s is of an earlier version, which kept no sums: that its files are as they were written is not verified\n", dir)
	}
	if err := matchRecipe(dir, recipe); err != nil {
		return err
	}
	began, err := dir.Environment()
	if err != nil {
		return err
	}
	return began.MatchImages(dir, set)
}

// beginOrGoOn makes the directory that of a run of this recipe on these images, or checks that it
// is. Without a checkpoint there is nothing to go on with: the run begins anew.
func beginOrGoOn(dir rundir.Dir, recipe Recipe, set data.Set) error {
	checkpoints, err := dir.Checkpoints()
	if err != nil {
		return err
	}
	if len(checkpoints) > 0 {
		return matchFinished(dir, recipe, set)
	}
	if err := matchRecipe(dir, recipe); err != nil {
		return err
	}
	if err := dir.BeginEnvironment(set); err != nil {
		return err
	}
	return dir.Begin()
}
