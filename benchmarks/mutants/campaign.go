package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"sslkit/benchmarks/result"
)

// campaign mutates one tree again and again, and records which tests notice.
type campaign struct {
	tree    string
	side    string
	out     string   // Result file.
	kinds   []string // Of steps.
	again   bool     // Forget what is recorded.
	options options
	all     []mutant // Of which the record may hold rows.

	commit string
	mu     sync.Mutex
	record record
}

// protocol says how the figures came about.
const protocol = "Small faults put one at a time into a copy of the sources, and the tests run against each, nearest first: those in " +
	"the test file beside the mutated one, the whole package, the packages that import it (before also the lesson of the " +
	"mutated method in package kit), until one fails. Which were run, on which backend, stands in each row of the JSON. A share's " +
	"interval is Wilson's at 95 %. Before are the tests of b9720d7, of whose survivors not all were tried on the packages that " +
	"import theirs; what was tried is in the rows. The tests that were missing there were written with these faults in view, so that " +
	"the share after tells that each of these is caught, and not how many others would be."

// run tries the mutants with so many workers, each on its own copy of the tree.
func (c *campaign) run(ctx context.Context, chosen []mutant, workers int) error {
	var err error
	if c.commit, err = commitOf(c.tree); err != nil {
		return err
	}
	if c.record, err = readRecord(c.out); err != nil {
		return err
	}
	c.record.Result = result.New("mutants", protocol)
	c.record.Backend = "as told by each row"
	queue := make(chan mutant)
	failures := make([]error, workers)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var work sync.WaitGroup
	for w := range workers {
		work.Go(func() {
			if failures[w] = c.work(ctx, queue); failures[w] != nil {
				cancel() // The others end with what they have at hand.
			}
		})
	}
send:
	for _, m := range chosen {
		select {
		case queue <- m:
		case <-ctx.Done():
			break send
		}
	}
	close(queue)
	work.Wait()
	return errors.Join(failures...)
}

// work takes mutants from the queue. One that doesn't apply or compile is printed and ends nothing;
// all of them are the error.
func (c *campaign) work(ctx context.Context, queue <-chan mutant) error {
	parent, err := os.MkdirTemp("", "mutants-*")
	if err != nil {
		return fmt.Errorf("making room for a copy of the tree: %w", err)
	}
	defer os.RemoveAll(parent)
	root, err := copyTree(ctx, c.tree, parent)
	if err != nil {
		return err
	}
	packages, err := listPackages(ctx, root)
	if err != nil {
		return err
	}
	t := &tester{root: root, scratch: filepath.Join(parent, "binaries"), options: c.options}
	var bad []error
	for m := range queue {
		if err := c.try(ctx, t, packages, m); ctx.Err() != nil {
			return errors.Join(append(bad, ctx.Err())...)
		} else if err != nil {
			fmt.Fprintln(os.Stderr, err)
			bad = append(bad, err)
		}
	}
	return errors.Join(bad...)
}

// try runs the steps of a mutant that were not run before, until one fails, and records what
// happened.
func (c *campaign) try(ctx context.Context, t *tester, packages []goPackage, m mutant) (err error) {
	o := outcome{File: m.file, Breaks: m.breaks, Commit: c.commit}
	c.mu.Lock()
	if earlier := c.record.find(m.name, c.side, c.commit); earlier != nil && !c.again {
		o = *earlier
	}
	c.mu.Unlock()
	if o.Caught {
		return nil
	}
	all, err := steps(t.root, packages, m, c.kinds)
	if err != nil {
		return err
	}
	restore, err := m.apply(t.root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, restore()) }()
	if err := t.forget(); err != nil {
		return err
	}
	tried := false
	for _, s := range all {
		now := ran{Package: s.folder, Tests: s.tests, Backend: c.options.backend, Short: c.options.short, Skipped: c.options.skip}
		if o.has(now) {
			continue
		}
		v, err := t.test(ctx, s)
		if err != nil {
			return fmt.Errorf("mutant %s: %w", m.name, err)
		}
		tried = true
		now.Seconds, now.None = v.seconds, v.none
		o.Seconds += v.seconds
		o.Ran = append(o.Ran, now)
		if v.failed {
			o.Caught, o.Killer, o.Package, o.Timeout = true, v.killer, s.folder, v.timeout
			break
		}
	}
	if !tried {
		return nil
	}
	fmt.Printf("%-40s %s\n", m.name, o)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.record.put(m.name, c.side, o)
	return c.record.write(c.out, c.all)
}

// has reports whether a step was run before.
func (o outcome) has(step ran) bool {
	for _, r := range o.Ran {
		if r.same(step) {
			return true
		}
	}
	return false
}
