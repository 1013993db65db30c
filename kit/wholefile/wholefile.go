// Package wholefile writes files whole: a reader, or whoever comes after a crash or a full disk,
// finds the old content or the new one, never a part of it.
package wholefile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// What all files and folders are created with, before the umask.
const (
	FilePerms   = 0o644
	FolderPerms = 0o755
)

// infix is what the name of a file that is being written holds: .encoder.safetensors.writing-1f3a.
const infix = ".writing-"

// Write puts what write writes in the place of the file at path: into a file beside it, which is
// made durable and then gets the name. On an error the file at path stays as it was. What killed
// processes left of the same file is removed.
func Write(path string, write func(io.Writer) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing %s: %w", path, err)
		}
	}()
	if err := clean(filepath.Dir(path), filepath.Base(path)); err != nil {
		return err
	}
	file, lock, err := beside(path)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if err := fill(file, write); err != nil {
		os.Remove(file.Name())
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		os.Remove(file.Name())
		return err
	}
	return Sync(filepath.Dir(path))
}

// WriteBytes is Write of a content that is there.
func WriteBytes(path string, content []byte) error {
	return Write(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// fill writes, makes durable and closes.
func fill(file *os.File, write func(io.Writer) error) error {
	if err := write(file); err != nil {
		file.Close()
		return err
	}
	if err := file.Sync(); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// beside creates a file beside path and locks it for as long as somebody writes it. The operating
// system unlocks it when the process dies, which is how Clean knows what is left over.
func beside(path string) (*os.File, *flock.Flock, error) {
	for {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s%s%x", filepath.Base(path), infix, rand.Uint32()))
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, FilePerms)
		if os.IsExist(err) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		lock := lockOf(name)
		if _, err = lock.TryLock(); err == nil && holds(lock, file) {
			return file, lock, nil
		}
		// Cleaned away before it was locked, unless the file system knows no locks.
		lock.Unlock()
		file.Close()
		os.Remove(name)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, nil, err
		}
	}
}

// lockOf is the lock of a file that is there: it makes none in the place of one that is gone.
func lockOf(path string) *flock.Flock {
	return flock.New(path, flock.SetFlag(os.O_RDONLY), flock.SetPermissions(FilePerms))
}

// holds tells whether the lock is held, of that very file, and the file still has its name.
func holds(lock *flock.Flock, file *os.File) bool {
	held, err := lock.Stat()
	if err != nil {
		return false
	}
	mine, err := file.Stat()
	return err == nil && os.SameFile(held, mine) && Holds(lock)
}

// Holds tells whether the lock is held and its file still has its name: whoever held it before may
// have removed the file.
func Holds(lock *flock.Flock) bool {
	held, err := lock.Stat()
	if err != nil || !lock.Locked() {
		return false
	}
	there, err := os.Stat(lock.Path())
	return err == nil && os.SameFile(held, there)
}

// Clean removes from a folder what processes that were killed have left of files that they wrote.
// What is being written stays.
func Clean(folder string) error { return clean(folder, "") }

// clean removes what is left of the file of that name, or of all.
func clean(folder, base string) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		of, _, temporary := strings.Cut(strings.TrimPrefix(entry.Name(), "."), infix)
		if !temporary || !strings.HasPrefix(entry.Name(), ".") || base != "" && of != base {
			continue
		}
		path := filepath.Join(folder, entry.Name())
		lock := lockOf(path)
		if free, err := lock.TryLock(); err != nil || !free {
			continue
		}
		err := os.Remove(path)
		lock.Unlock()
		if err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("removing what a killed process left: %w", err)
		}
	}
	return nil
}

// Sync makes the names in a folder durable, where the system can.
func Sync(folder string) error {
	opened, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer opened.Close()
	opened.Sync() // Some file systems have no such thing for folders.
	return nil
}

// SHA256 is the SHA-256 of a file's content, in hex.
func SHA256(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
