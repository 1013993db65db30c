package main

import (
	"path/filepath"
	"strings"
	"testing"

	"sslkit/benchmarks/result"
)

var few = []mutant{
	{name: "ssl/a", file: "kit/ssl/a.go", old: "1", new: "2", breaks: "a is wrong"},
	{name: "ssl/b", file: "kit/ssl/b.go", old: "1", new: "2", breaks: "b is wrong"},
	{name: "data/c", file: "data/c.go", old: "1", new: "2", breaks: "c is wrong"},
}

func TestRecordIsWrittenAndRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "results", "mutants.json")
	r, err := readRecord(name)
	if err != nil {
		t.Fatal(err)
	}
	r.Benchmark, r.Protocol = "mutants", "Faults."
	step := ran{Package: "data", Tests: "all", Backend: "go", Seconds: 3}
	r.put("data/c", before, outcome{File: "data/c.go", Breaks: "c is wrong", Commit: "1", Ran: []ran{step}})
	r.put("ssl/a", before, outcome{File: "kit/ssl/a.go", Breaks: "a is wrong", Commit: "1", Caught: true, Killer: "TestA", Package: "kit/ssl"})
	r.put("ssl/a", after, outcome{File: "kit/ssl/a.go", Breaks: "a is wrong", Commit: "2", Caught: true, Timeout: true, Package: "kit"})
	r.put("ssl/gone", after, outcome{File: "kit/ssl/gone.go"})
	for range 2 { // What is written again is the same.
		if err := r.write(name, few); err != nil {
			t.Fatal(err)
		}
		if r, err = readRecord(name); err != nil {
			t.Fatal(err)
		}
	}
	if o := r.find("ssl/a", before, "1"); o == nil || !o.Caught || o.Killer != "TestA" {
		t.Errorf("found %+v", o)
	}
	if o := r.find("data/c", before, "1"); o == nil || o.Caught || !o.has(ran{Package: "data", Tests: "all", Backend: "go"}) ||
		o.has(ran{Package: "data", Tests: "all", Backend: "xla"}) {
		t.Errorf("found %+v", o)
	}
	if o := r.find("ssl/a", before, "2"); o != nil {
		t.Errorf("of another commit, found %+v", o)
	}
	shared, err := result.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	var cases []string
	for _, row := range shared.Rows {
		cases = append(cases, row.Case+" "+row.Metric)
		if !(row.Low <= row.Value && row.Value <= row.High) || row.N < 1 {
			t.Errorf("%+v", row)
		}
	}
	want := "ssl/a caught before, ssl/a caught after, data/c caught before, all share caught before, kit/ssl share caught before, " +
		"data share caught before, all share caught after, kit/ssl share caught after"
	if got := strings.Join(cases, ", "); got != want {
		t.Errorf("rows are %s, want %s", got, want)
	}
	table := read(t, filepath.Dir(name), "mutants.md")
	for _, line := range []string{
		"| all | 1 of 2, 50.0 % [9.5, 90.5] | 1 of 1, 100.0 % [20.7, 100.0] |",
		"- `data/c`: c is wrong",
		"| ssl/a | a is wrong | `TestA` of `kit/ssl` | a test of `kit` took too long |",
		"| data/c | c is wrong | **survived** | – |",
	} {
		if !strings.Contains(table, line+"\n") {
			t.Errorf("the table lacks %q:\n%s", line, table)
		}
	}
}

func TestKillerOf(t *testing.T) {
	for _, c := range []struct {
		name, output, killer string
		timeout              bool
	}{
		{"a failure", "noise\n--- FAIL: TestA (0.01s)\n    --- FAIL: TestA/b (0.00s)\n--- FAIL: TestC (0s)\nFAIL\n", "TestA", false},
		{"a panic", "panic: no such thing\n\ngoroutine 1\n", "panic: no such thing", false},
		{"a timeout", "panic: test timed out after 1s\n\trunning tests:\n\t\tTestA (1s)\n", "TestA", true},
		{"nothing", "exit status 1\n", "", false},
	} {
		if killer, timeout := killerOf(c.output); killer != c.killer || timeout != c.timeout {
			t.Errorf("%s: %q, %t", c.name, killer, timeout)
		}
	}
}

// A fault that a test sees is caught, one that none sees survives, and one that doesn't compile is
// an error. What was recorded is not run again.
func TestCampaign(t *testing.T) {
	tree := smallTree(t)
	faults := []mutant{
		{name: "sum/seen", file: "sum/sum.go", old: "a + b", new: "a - b", breaks: "the sum"},
		{name: "sum/unseen", file: "sum/sum.go", old: "return a * b", new: "return a * a", breaks: "the product"},
	}
	c := campaign{tree: tree, side: after, out: filepath.Join(t.TempDir(), "mutants.json"), kinds: []string{besideTests, packageTests},
		options: options{timeout: 60_000_000_000, backend: "none"}, all: faults}
	if err := c.run(t.Context(), faults, 1); err != nil {
		t.Fatal(err)
	}
	seen, unseen := c.record.find("sum/seen", after, c.commit), c.record.find("sum/unseen", after, c.commit)
	if seen == nil || !seen.Caught || seen.Killer != "TestSum" || seen.Package != "sum" || len(seen.Ran) != 1 {
		t.Errorf("seen: %+v", seen)
	}
	if unseen == nil || unseen.Caught || len(unseen.Ran) != 2 {
		t.Errorf("unseen: %+v", unseen)
	}
	took := unseen.Seconds
	if err := c.run(t.Context(), faults, 1); err != nil {
		t.Fatal(err)
	}
	if again := c.record.find("sum/unseen", after, c.commit); again.Seconds != took {
		t.Error("what was recorded was run again")
	}
	bad := []mutant{{name: "sum/no-go", file: "sum/sum.go", old: "return a * b", new: "return c", breaks: "the compiler"}}
	if err := c.run(t.Context(), bad, 1); err == nil || !strings.Contains(err.Error(), "sum/no-go") {
		t.Errorf("error is %v, want one that names the mutant", err)
	}
	if err := check(t.Context(), tree, bad); err == nil || !strings.Contains(err.Error(), "sum/no-go") {
		t.Errorf("check: error is %v, want one that names the mutant", err)
	}
	if err := check(t.Context(), tree, faults); err != nil {
		t.Errorf("check: %v", err)
	}
	if got := read(t, tree, "sum/sum.go"); !strings.Contains(got, "a + b") {
		t.Errorf("the tree itself was changed: %s", got)
	}
}
