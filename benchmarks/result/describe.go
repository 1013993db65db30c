package main

import (
	"bytes"
	"encoding/json"

	"sslkit/benchmarks/results"
	"sslkit/kit"
)

// The parts of a result file have one name in every benchmark.
type (
	row  = results.Row
	cost = results.Cost
)

// newResult describes this machine and commit.
func newResult(name, protocol string) results.Result {
	return results.Result{
		Benchmark: name, Commit: kit.Commit(), Machine: kit.ThisMachine(), Backend: kit.DescribeBackend(), Protocol: protocol,
	}
}

// readRows reads the rows of an earlier result, or none where there is none.
func readRows(path string) []row {
	earlier, err := results.Read(path)
	if err != nil {
		return nil
	}
	return earlier.Rows
}

// sameRecipe finds the rows of the named cases, or none unless the last of them is of this recipe.
func sameRecipe(rows []row, recipe []byte, cases ...string) []row {
	var found []row
	for _, name := range cases {
		for _, r := range rows {
			if r.Case == name {
				found = append(found, r)
			}
		}
	}
	var here, there bytes.Buffer
	if len(found) != len(cases) || json.Compact(&here, recipe) != nil || json.Compact(&there, found[len(found)-1].Recipe) != nil ||
		!bytes.Equal(here.Bytes(), there.Bytes()) {
		return nil
	}
	return found
}
