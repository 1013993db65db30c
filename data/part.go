package data

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/gofrs/flock"

	"sslkit/kit/wholefile"
)

// partFile is the file that becomes another when it is whole. It is open for this process alone:
// path.lock, beside it, is held until release or discard. (Windows lets nobody write to a file that
// is itself locked, nor rename an open one.)
type partFile struct {
	*os.File
	path string
	lock *flock.Flock
}

// lockPart opens path.part, and waits while another process writes it. Its content is what an
// interrupted writer left.
func lockPart(path string) (*partFile, error) {
	if err := os.MkdirAll(filepath.Dir(path), wholefile.FolderPerms); err != nil {
		return nil, err
	}
	for {
		lock := flock.New(path+".lock", flock.SetPermissions(wholefile.FilePerms))
		err := lock.Lock()
		for errors.Is(err, syscall.EINTR) {
			err = lock.Lock()
		}
		if err != nil {
			return nil, fmt.Errorf("locking %s: %w", lock.Path(), err)
		}
		// The writer that was waited for has removed the file that is now locked: begin again with
		// one of this name.
		if !wholefile.Holds(lock) {
			lock.Unlock()
			continue
		}
		part := &partFile{path: path, lock: lock}
		if part.File, err = os.OpenFile(path+".part", os.O_RDWR|os.O_CREATE, wholefile.FilePerms); err != nil {
			part.release()
			return nil, err
		}
		return part, nil
	}
}

// become gives the part the name of what it is a part of.
func (p *partFile) become() error {
	if err := p.Sync(); err != nil {
		return err
	}
	if err := p.Close(); err != nil {
		return err
	}
	return os.Rename(p.Name(), p.path)
}

// release lets others write. What was written stays, for whoever goes on with it.
func (p *partFile) release() {
	if p.File != nil {
		p.Close() // An error only where become has closed it.
	}
	os.Remove(p.lock.Path())
	p.lock.Unlock()
}

// discard removes the part, if it has not become the whole, and lets others write.
func (p *partFile) discard() {
	p.Close()
	os.Remove(p.Name())
	p.release()
}

// cleanParts removes, of the files in a folder whose names end so, the parts that killed processes
// have left and nobody goes on with. What is being written stays.
func cleanParts(folder, ending string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return // Whoever writes there will say so.
	}
	for _, entry := range entries {
		path := filepath.Join(folder, strings.TrimSuffix(strings.TrimSuffix(entry.Name(), ".part"), ".lock"))
		if filepath.Base(path) == entry.Name() || !strings.HasSuffix(path, ending) {
			continue
		}
		lock := flock.New(path+".lock", flock.SetPermissions(wholefile.FilePerms))
		if free, err := lock.TryLock(); err == nil && free && wholefile.Holds(lock) {
			os.Remove(path + ".part")
			os.Remove(lock.Path())
		}
		lock.Unlock()
	}
}
