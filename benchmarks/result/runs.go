package result

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sslkit/kit/rundir"
)

// TellRuns makes the result tell where its runs trained, and by which commit, as their directories
// say: who gathers what other machines have trained is not where that was. Where they differ,
// machine and backend are those of the most runs, and a note tells of all.
func (r *Result) TellRuns(dirs []string) error {
	type place struct {
		machine rundir.Machine
		backend string
		commit  string
	}
	var places []place
	count := map[place]int{}
	for _, dir := range dirs {
		began, err := rundir.Dir(dir).Environment()
		if err != nil {
			return fmt.Errorf("telling where a run trained: %w", err)
		}
		p := place{began.Machine, began.Backend, began.Commit}
		if count[p] == 0 {
			places = append(places, p)
		}
		count[p]++
	}
	if len(places) == 0 {
		return nil
	}
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(count[b], count[a]) })
	r.Machine, r.Backend = places[0].machine, places[0].backend
	if len(places) == 1 && places[0].commit == r.Commit {
		return nil
	}
	var lines []string
	for _, p := range places {
		lines = append(lines, fmt.Sprintf("%d by commit %s on %d cores, %d GiB, %s, accelerator %s, %s", count[p], p.commit,
			p.machine.Cores, p.machine.MemoryGiB, p.machine.Processor, p.machine.Accelerator, p.backend))
	}
	r.Notes = append(r.Notes, fmt.Sprintf("Of %d runs trained: %s.", len(dirs), strings.Join(lines, "; ")))
	return nil
}
