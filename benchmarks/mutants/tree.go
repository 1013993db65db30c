package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// commitOf is the commit of the tree, with "+changes" where files differ from it.
func commitOf(tree string) (string, error) {
	head, err := exec.Command("git", "-C", tree, "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return "", fmt.Errorf("asking for the commit of %s: %w", tree, err)
	}
	changes, err := exec.Command("git", "-C", tree, "status", "--porcelain", "--untracked-files=no").Output()
	if err != nil {
		return "", fmt.Errorf("asking for the changes of %s: %w", tree, err)
	}
	commit := strings.TrimSpace(string(head))
	if len(changes) > 0 {
		commit += "+changes"
	}
	return commit, nil
}

// copyTree copies the files that git knows of, or would, into a new folder inside parent, and
// returns that folder.
func copyTree(ctx context.Context, tree, parent string) (root string, err error) {
	fail := func(err error) (string, error) { return "", fmt.Errorf("copying %s: %w", tree, err) }
	list, err := exec.CommandContext(ctx, "git", "-C", tree, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return fail(err)
	}
	root = filepath.Join(parent, "tree")
	for name := range bytes.SplitSeq(list, []byte{0}) {
		if len(name) == 0 {
			continue
		}
		if err := copyFile(filepath.Join(tree, string(name)), filepath.Join(root, string(name))); err != nil {
			return fail(err)
		}
	}
	return root, nil
}

// copyFile copies a file or a link. A file that git lists and that was removed is passed over.
func copyFile(from, to string) error {
	info, err := os.Lstat(from)
	if os.IsNotExist(err) || err == nil && info.IsDir() {
		return nil
	} else if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if info.Mode()&os.ModeSymlink != 0 {
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, info.Mode().Perm())
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
