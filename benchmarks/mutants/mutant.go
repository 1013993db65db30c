package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// mutant is one small fault in one file.
type mutant struct {
	name   string // Folder and kebab-case, such as "ssl/simclr-positive-sign".
	file   string // From the root of the repository, with slashes.
	old    string // The text that is replaced. It occurs once in the file.
	new    string // What it is replaced by.
	breaks string // What is wrong then, in one phrase.
}

// mutants are all faults, folder by folder.
func mutants() []mutant {
	return slices.Concat(contrastiveMutants, selfPredictingMutants, generativeMutants, pretextMutants, semiMutants, compressMutants,
		evalMutants, metricMutants, optimMutants, augmentMutants, encoderMutants, dataMutants, loopMutants, runMutants)
}

// folder is the folder of the mutated file, such as "kit/ssl".
func (m mutant) folder() string { return path.Dir(m.file) }

// mutated is the source with the fault. The error names the mutant.
func (m mutant) mutated(source string) (string, error) {
	switch n := strings.Count(source, m.old); {
	case m.old == m.new:
		return "", fmt.Errorf("mutant %s: it changes nothing", m.name)
	case strings.HasSuffix(m.file, "_test.go"):
		return "", fmt.Errorf("mutant %s: %s is a test", m.name, m.file)
	case n != 1:
		return "", fmt.Errorf("mutant %s: its text occurs %d times in %s, want once: %q", m.name, n, m.file, m.old)
	}
	return strings.Replace(source, m.old, m.new, 1), nil
}

// apply puts the fault into the file below root. What it returns puts the file back as it was.
func (m mutant) apply(root string) (restore func() error, err error) {
	name := filepath.Join(root, filepath.FromSlash(m.file))
	source, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("mutant %s: %w", m.name, err)
	}
	faulty, err := m.mutated(string(source))
	if err != nil {
		return nil, err
	}
	restore = func() error {
		if err := os.WriteFile(name, source, 0o644); err != nil {
			return fmt.Errorf("mutant %s: putting the source back: %w", m.name, err)
		}
		return nil
	}
	if err := os.WriteFile(name, []byte(faulty), 0o644); err != nil {
		return nil, errors.Join(fmt.Errorf("mutant %s: %w", m.name, err), restore())
	}
	return restore, nil
}
