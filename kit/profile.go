package kit

import (
	"fmt"

	"sslkit/data"
	"sslkit/kit/setting"
	"sslkit/kit/train"
)

// Profile is how long the parts of a training's step take; see [train.Profile].
type Profile = train.Profile

// StepCost is what a training's step takes, by its graph; see [train.StepCost].
type StepCost = train.StepCost

// StepCostOf counts what a recipe's step takes, by its graph, on one device. Nothing is compiled or
// run, and of the images only their number and size are asked for.
func StepCostOf(recipe Recipe) (StepCost, error) {
	var cost StepCost
	err := train.Catch(func() error {
		set, err := recipe.open(data.Train)
		if err != nil {
			return err
		}
		defer set.Close()
		_, plan, err := recipe.plan(set)
		if err != nil {
			return err
		}
		cost, err = plan.StepCost()
		return err
	})
	return cost, err
}

// ProfileOf measures how long the parts of a recipe's step take, in rounds, at least 1, without a
// run directory. Three programs are compiled beside the step's. It is an error where the recipe has
// a Mesh: one device is measured.
func ProfileOf(recipe Recipe, rounds int) (*Profile, error) {
	if err := setting.AtLeast(1, "kit.ProfileOf: rounds", rounds); err != nil {
		return nil, err
	}
	var profile *Profile
	err := train.Catch(func() error {
		set, err := recipe.open(data.Train)
		if err != nil {
			return err
		}
		defer set.Close()
		recipe, plan, err := recipe.plan(set)
		if err != nil {
			return err
		}
		if recipe.Mesh != (Mesh{}) {
			return fmt.Errorf("kit.ProfileOf: Mesh is %s; it must be left out: the parts are measured on one device", recipe.Mesh)
		}
		profile, err = plan.Profile(set, rounds)
		return err
	})
	return profile, err
}
