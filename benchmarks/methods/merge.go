package main

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	"sslkit/benchmarks/result"
)

// earlierResult is what the command wrote before, by the same protocol, to which -only adds the
// methods that it names. It is empty where there is none, and where all methods are measured.
func (o options) earlierResult(name string) (result.Result, error) {
	if o.only == "" {
		return result.Result{}, nil
	}
	earlier, err := result.Read(filepath.Join(o.Results(), name+".json"))
	if errors.Is(err, fs.ErrNotExist) || (err == nil && earlier.Protocol != protocol) {
		return result.Result{}, nil
	}
	return earlier, err
}

// merged are the rows of a set in the order of all entries: those that were measured now, and what
// an earlier result has of the others and of the random encoders. The commit of an earlier row is
// told where it is another.
func merged(set string, all []entry, measured []result.Row, earlier result.Result, commit string) []result.Row {
	var rows []result.Row
	add := func(from []result.Row, name string) (found bool) {
		for _, r := range from {
			if r.Case == name {
				rows, found = append(rows, r), true
			}
		}
		return found
	}
	before := slices.Clone(earlier.Rows)
	for i := range before {
		if before[i].Commit == "" && earlier.Commit != commit {
			before[i].Commit = earlier.Commit
		}
	}
	shown := map[string]bool{}
	for _, e := range all {
		if random := "random/" + set + "/" + e.family.name; !shown[random] {
			shown[random] = add(before, random) || add(measured, random)
		}
		name := e.method.Name() + "/" + set + "/" + e.family.name
		if !add(measured, name) {
			add(before, name)
		}
	}
	return rows
}
