package launch

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// gather runs nothing: that cells are missing is an error, which says of each what became of it.
func gather(_ Flags, g Grid) error {
	states, err := g.states()
	if err != nil {
		return err
	}
	missing := g.missing()
	var lines []string
	for _, c := range missing {
		lines = append(lines, fmt.Sprintf("  %s %s", c.Name, states[c.Name]))
	}
	return fmt.Errorf("%d of %d cells are not done; the same command with -launcher slurm or local begins those that have ended:\n%s",
		len(missing), len(g.Cells), strings.Join(lines, "\n"))
}

// state is what became of a cell.
type state struct {
	queued string // What Slurm says of it, while it has it; with its reason where it waits.
	job    string // Of Slurm, where it is queued.
	log    string // Of the last launch; "" where it was never launched.
	local  bool   // The last launch was on one machine, whose processes nothing tells of.
}

func (s state) String() string {
	switch {
	case s.queued != "":
		return fmt.Sprintf("is %s, job %s, log %s", s.queued, s.job, s.log)
	case s.log == "":
		return "was not begun"
	}
	was := "has ended"
	if s.local {
		was = "was begun by -launcher local"
	}
	if _, err := os.Stat(s.log); err != nil {
		return fmt.Sprintf("%s, without a log, which would be %s", was, s.log)
	}
	return fmt.Sprintf("%s, log %s: %s", was, s.log, lastLine(s.log))
}

// states are those of the cells that are not done, by name: what the last launch of each made of it.
func (g Grid) states() (map[string]state, error) {
	folders, err := g.folders()
	if err != nil {
		return nil, err
	}
	queued := map[string]string{}
	if slices.ContainsFunc(folders, func(f folder) bool { return f.job != "" }) {
		if queued, err = queue(); err != nil {
			return nil, err
		}
	}
	states := map[string]state{}
	for _, c := range g.missing() {
		for _, f := range folders {
			i := slices.Index(f.cells, c.Name)
			if i < 0 {
				continue
			}
			task := fmt.Sprintf("%s_%d", f.job, i)
			if found := queued[task]; found != "" {
				states[c.Name] = state{queued: found, job: task, log: f.log(i)}
				break
			}
			if _, earlier := states[c.Name]; !earlier {
				states[c.Name] = state{log: f.log(i), local: f.job == ""}
			}
		}
	}
	return states, nil
}
