package wholefile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func files(t *testing.T, folder string) string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return strings.Join(names, " ")
}

func TestFailedWriteLeavesTheOldContent(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a.txt")
	if err := WriteBytes(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left")
	err := Write(path, func(w io.Writer) error {
		io.WriteString(w, "ne")
		return full
	})
	if !errors.Is(err, full) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "old" {
		t.Errorf("%q, %v", content, err)
	}
	if got := files(t, folder); got != "a.txt" {
		t.Errorf("in the folder: %s", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != FilePerms {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := WriteBytes(filepath.Join(folder, "gone", "a.txt"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// TestCleanRemovesWhatNobodyWrites: what a killed process left has no lock.
func TestCleanRemovesWhatNobodyWrites(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{".a.txt" + infix + "1", "a.txt", ".hidden"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("half"), FilePerms); err != nil {
			t.Fatal(err)
		}
	}
	if err := WriteBytes(filepath.Join(folder, "c.txt"), nil); err != nil || !strings.Contains(files(t, folder), infix) {
		t.Errorf("writing c.txt: %v, leaves %s", err, files(t, folder))
	}
	os.Remove(filepath.Join(folder, "c.txt"))
	err := Write(filepath.Join(folder, "b.txt"), func(io.Writer) error { return Clean(folder) }) // While b is being written.
	if err != nil {
		t.Fatal(err)
	}
	if got := files(t, folder); got != ".hidden a.txt b.txt" {
		t.Errorf("in the folder: %s", got)
	}
}

func TestWriteRemovesWhatIsLeftOfTheSameFile(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, ".a.txt"+infix+"1"), nil, FilePerms); err != nil {
		t.Fatal(err)
	}
	if err := WriteBytes(filepath.Join(folder, "a.txt"), nil); err != nil {
		t.Fatal(err)
	}
	if got := files(t, folder); got != "a.txt" {
		t.Errorf("in the folder: %s", got)
	}
}

// TestCleanedAwayBeforeItIsLocked: whoever cleans between the creation of a file and its lock takes
// it away, and what is written then is in another.
func TestCleanedAwayBeforeItIsLocked(t *testing.T) {
	folder := t.TempDir()
	var cleaners sync.WaitGroup
	done := make(chan struct{})
	defer cleaners.Wait()
	defer close(done)
	for range 2 {
		cleaners.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					if err := Clean(folder); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	for range 300 {
		file, lock, err := beside(filepath.Join(folder, "a.txt"))
		if err != nil {
			t.Error(err)
			return
		}
		mine, err := file.Stat()
		there, missing := os.Stat(file.Name())
		if err := errors.Join(err, missing, os.Remove(file.Name()), file.Close(), lock.Unlock()); err != nil || !os.SameFile(mine, there) {
			t.Errorf("what is written is not what has the name: %v", err)
			return
		}
	}
}
