package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// check applies each mutant to a copy of the tree and compiles its package. The error names those
// that don't apply or compile.
func check(ctx context.Context, tree string, chosen []mutant) error {
	parent, err := os.MkdirTemp("", "mutants-*")
	if err != nil {
		return fmt.Errorf("making room for a copy of the tree: %w", err)
	}
	defer os.RemoveAll(parent)
	root, err := copyTree(ctx, tree, parent)
	if err != nil {
		return err
	}
	var bad []error
	for _, m := range chosen {
		if err := compiles(ctx, root, m); ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil {
			fmt.Fprintln(os.Stderr, err)
			bad = append(bad, err)
		}
	}
	fmt.Printf("%d of %d mutants apply to %s and compile\n", len(chosen)-len(bad), len(chosen), tree)
	return errors.Join(bad...)
}

// compiles applies a mutant, compiles the mutated package, and puts the source back. A fault
// changes no declaration that others could see, so they compile too.
func compiles(ctx context.Context, root string, m mutant) (err error) {
	restore, err := m.apply(root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, restore()) }()
	command := exec.CommandContext(ctx, "go", "build", "./"+m.folder())
	command.Dir = root
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("mutant %s: compiling it: %w\n%s", m.name, err, output)
	}
	return nil
}
