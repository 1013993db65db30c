package main

import (
	"os/exec"
	"testing"
)

// smallTree is a repository with one package, of which one function is tested.
func smallTree(t *testing.T) string {
	t.Helper()
	tree := t.TempDir()
	write(t, tree, "go.mod", "module small\n\ngo 1.24\n")
	write(t, tree, "sum/sum.go", "package sum\n\nfunc Sum(a, b int) int { return a + b }\n\nfunc Product(a, b int) int {\n\treturn a * b\n}\n")
	write(t, tree, "sum/sum_test.go",
		"package sum\n\nimport \"testing\"\n\nfunc TestSum(t *testing.T) {\n\tif Sum(2, 3) != 5 {\n\t\tt.Fail()\n\t}\n}\n")
	for _, args := range [][]string{
		{"init", "-q"}, {"add", "."}, {"-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "first"},
	} {
		command := exec.Command("git", args...)
		command.Dir = tree
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, output)
		}
	}
	return tree
}
