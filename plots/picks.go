package plots

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// Picks reads the file that "Save as JSON" in an [Explorer] saved: the indices of the points that
// were picked, in their order. Errors: a file that is missing or is no such file, and one whose
// indices are not those of its points.
func Picks(path string) ([]int, error) {
	fail := func(err error) ([]int, error) { return nil, fmt.Errorf("plots.Picks: reading %s: %w", path, err) }
	text, err := os.ReadFile(path)
	if err != nil {
		return fail(err)
	}
	var file struct {
		Points int   `json:"points"`
		Picks  []int `json:"picks"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return fail(err)
	}
	if file.Picks == nil {
		return fail(errors.New(`it has no "picks"`))
	}
	if err := checkPicks(file.Picks, file.Points); err != nil {
		return fail(err)
	}
	return file.Picks, nil
}

// checkPicks checks that picks are indices of that many points, rising.
func checkPicks(picks []int, points int) error {
	for k, i := range picks {
		if i < 0 || i >= points {
			return fmt.Errorf("pick %d is %d; it must be an index of the %d points", k, i, points)
		}
		if k > 0 && i <= picks[k-1] {
			return fmt.Errorf("pick %d is %d, after %d; they must rise", k, i, picks[k-1])
		}
	}
	return nil
}
