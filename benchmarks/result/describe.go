package result

import (
	"bytes"
	"encoding/json"

	"sslkit/kit"
	"sslkit/kit/rundir"
)

// New is a result without rows that describes this machine, its backend and the commit.
func New(benchmark, protocol string) Result {
	return Result{
		Benchmark: benchmark, Commit: rundir.Commit(), Machine: rundir.ThisMachine(), Backend: kit.DescribeBackend(), Protocol: protocol,
	}
}

// ReadRows reads the rows of an earlier result, or none where there is none.
func ReadRows(path string) []Row {
	earlier, err := Read(path)
	if err != nil {
		return nil
	}
	return earlier.Rows
}

// SameRecipe finds the rows of the named cases, or none unless the last of them is of this recipe.
func SameRecipe(rows []Row, recipe []byte, cases ...string) []Row {
	var found []Row
	for _, name := range cases {
		for _, r := range rows {
			if r.Case == name {
				found = append(found, r)
			}
		}
	}
	var here, there bytes.Buffer
	if len(found) != len(cases) || json.Compact(&here, recipe) != nil ||
		json.Compact(&there, found[len(found)-1].Recipe) != nil || !bytes.Equal(here.Bytes(), there.Bytes()) {
		return nil
	}
	return found
}
