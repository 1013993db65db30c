package plots

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// Picks reads the file that "Save as JSON" in an [Explorer], or [Page.Pick], saved: the indices of the points that
// were picked, in their order. Errors: a file that is missing or is no such file, and one whose
// indices are not those of its points.
func Picks(path string) ([]int, error) {
	fail := func(err error) ([]int, error) { return nil, fmt.Errorf("plots.Picks: reading %s: %w", path, err) }
	text, err := os.ReadFile(path)
	if err != nil {
		return fail(err)
	}
	picks, err := readPicks(text)
	if err != nil {
		return fail(err)
	}
	return picks, nil
}

// readPicks reads what the page writes (picksFile in explorer/13_picks.js).
func readPicks(text []byte) ([]int, error) {
	var file struct {
		Below int   `json:"below"`
		Picks []int `json:"picks"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	if file.Picks == nil {
		return nil, errors.New(`it has no "picks"`)
	}
	return file.Picks, checkPicks(file.Picks, file.Below)
}

// checkPicks checks that picks are indices below a limit, rising.
func checkPicks(picks []int, below int) error {
	for k, i := range picks {
		if i < 0 || i >= below {
			return fmt.Errorf("pick %d is %d; it must be an index from 0 to %d", k, i, below-1)
		}
		if k > 0 && i <= picks[k-1] {
			return fmt.Errorf("pick %d is %d, after %d; they must rise", k, i, picks[k-1])
		}
	}
	return nil
}
