package hub

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sslkit/data"
	"sslkit/kit/wholefile"
)

// The folders of a repository in the cache, as huggingface_hub has them:
//
//	models--timm--resnet50.a1_in1k/
//		blobs/<sum of the content>
//		refs/<branch>                    which commit it was
//		snapshots/<commit>/<file>        a link into blobs
//		.no_exist/<commit>/<file>        empty: the commit has no such file
const (
	folderPrefix = "models--"
	slash        = "--"
	blobs        = "blobs"
	refs         = "refs"
	snapshots    = "snapshots"
	absent       = ".no_exist"
)

// folder is where the cache has a repository.
func (c client) folder(m Model) string {
	return filepath.Join(c.cache, folderPrefix+strings.ReplaceAll(m.Repo, "/", slash))
}

func (c client) snapshot(m Model, commit, name string) string {
	return filepath.Join(c.folder(m), snapshots, commit, filepath.FromSlash(name))
}

// commit is the commit that a model's revision names.
func (c client) commit(m Model) (string, error) {
	if commitHash.MatchString(m.Revision) {
		return m.Revision, nil
	}
	kept, err := os.ReadFile(filepath.Join(c.folder(m), refs, filepath.FromSlash(m.Revision)))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	before := strings.TrimSpace(string(kept))
	known := commitHash.MatchString(before) && exists(c.snapshot(m, before, m.File))
	if c.offline {
		if !known {
			return "", c.notThere(m)
		}
		fmt.Fprintf(c.log, "%s of %s was commit %s when the hub was last asked\n", m.Revision, m.Repo, before)
		return before, nil
	}
	ask := c.ask
	if known {
		ask = c.askOnce // There is something to go on with.
	}
	described, err := ask(m, m.Revision, m.File)
	if known && errors.As(err, new(unreachable)) {
		fmt.Fprintf(c.log, "the hub can't be reached (%v): %s of %s was commit %s when it was last asked, and that is taken\n", err, m.Revision, m.Repo, before)
		return before, nil
	}
	if err != nil {
		return "", err
	}
	fmt.Fprintf(c.log, "%s of %s is commit %s; as hub.Model.Revision it keeps the weights the same\n", m.Revision, m.Repo, described.commit)
	return described.commit, nil
}

// notThere is the error of what nobody may download.
func (c client) notThere(m Model) error {
	return fmt.Errorf("HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set, and it is not in %s", c.folder(m))
}

// file is the path of a file of a commit in the cache, verified, and downloaded where it is missing.
func (c client) file(m Model, commit, name string) (string, error) {
	link := c.snapshot(m, commit, name)
	if exists(link) {
		err := verifyKept(link)
		if err == nil || !errors.Is(err, errDamaged) || c.offline {
			return link, err
		}
		fmt.Fprintf(c.log, "%v; downloading it anew\n", err)
		if err := os.Remove(link); err != nil {
			return "", err
		}
	}
	if c.offline {
		return "", c.notThere(m)
	}
	described, err := c.ask(m, commit, name)
	if err != nil {
		return "", err
	}
	if described.commit != commit {
		return "", fmt.Errorf("%s has %s at commit %s, and was asked for %s", c.endpoint, name, described.commit, commit)
	}
	blob := filepath.Join(c.folder(m), blobs, described.sum)
	if err := c.download(c.address(m, commit, name), described, blob); err != nil {
		return "", err
	}
	return link, nameBlob(blob, link)
}

// optional is file of what a repository may lack.
func (c client) optional(m Model, commit, name string) error {
	missing := filepath.Join(c.folder(m), absent, commit, filepath.FromSlash(name))
	if exists(missing) || c.offline && !exists(c.snapshot(m, commit, name)) {
		return nil
	}
	_, err := c.file(m, commit, name)
	var r refusal
	if !errors.As(err, &r) || r.code != noFile {
		return err
	}
	if os.MkdirAll(filepath.Dir(missing), wholefile.FolderPerms) == nil {
		_ = wholefile.WriteBytes(missing, nil) // Where nothing may be written, the hub is asked again.
	}
	return nil
}

// download puts the content that the hub describes into the file at path.
func (c client) download(address string, described description, path string) error {
	if described.large() {
		return data.Download{URL: address, SHA256: described.sum, Token: c.token}.To(path, c.log)
	}
	if verify(path, described.sum) == nil {
		return nil
	}
	content, err := c.read(address)
	if err != nil {
		return err
	}
	if got := gitSum(content); got != described.sum {
		return fmt.Errorf("%s gave content with git's SHA-1 %s, and the hub says %s", address, got, described.sum)
	}
	if err := os.MkdirAll(filepath.Dir(path), wholefile.FolderPerms); err != nil {
		return err
	}
	return wholefile.WriteBytes(path, content)
}

// writeRef notes which commit a branch or a tag is.
func (c client) writeRef(m Model, commit string) error {
	path := filepath.Join(c.folder(m), refs, filepath.FromSlash(m.Revision))
	if kept, err := os.ReadFile(path); err == nil && string(kept) == commit {
		return nil // The cache may be one that only reading is allowed of.
	}
	if err := os.MkdirAll(filepath.Dir(path), wholefile.FolderPerms); err != nil {
		return err
	}
	return wholefile.WriteBytes(path, []byte(commit))
}

// nameBlob gives a blob its name in a snapshot: by a relative link, so that the cache can be moved, or
// where the system lets nobody make such, by a hard one.
func nameBlob(blob, name string) error {
	if err := os.MkdirAll(filepath.Dir(name), wholefile.FolderPerms); err != nil {
		return err
	}
	to, err := filepath.Rel(filepath.Dir(name), blob)
	if err != nil {
		return err
	}
	if !exists(name) { // A link that leads nowhere would keep the name.
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err = os.Symlink(to, name); err != nil && !errors.Is(err, os.ErrExist) {
		err = os.Link(blob, name)
	}
	if errors.Is(err, os.ErrExist) { // Another process was quicker.
		return nil
	}
	return err
}

// exists tells whether a path leads to something.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// errDamaged is wrapped by the error of a file that is not what its name says.
var errDamaged = errors.New("is damaged")

// verifyKept returns an error where a file of a snapshot is not what the name of its blob says. That
// is not told of a file that is no link.
func verifyKept(link string) error {
	blob, err := filepath.EvalSymlinks(link)
	if err != nil {
		return err
	}
	if sum := filepath.Base(blob); fileSum.MatchString(sum) {
		return verify(blob, sum)
	}
	return nil
}

// verify returns an error where a file has another sum, which is as of a description.
func verify(path, sum string) error {
	got := ""
	if (description{sum: sum}).large() {
		hash, err := wholefile.SHA256(path)
		if err != nil {
			return err
		}
		got = hash
	} else {
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		got = gitSum(content)
	}
	if got != sum {
		return fmt.Errorf("%s %w: its content has the sum %s", path, errDamaged, got)
	}
	return nil
}

// gitSum is what git names content by.
func gitSum(content []byte) string {
	sum := sha1.Sum(append(fmt.Appendf(nil, "blob %d\x00", len(content)), content...))
	return hex.EncodeToString(sum[:])
}
