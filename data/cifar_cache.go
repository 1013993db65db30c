package data

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sslkit/kit/wholefile"
)

// cached returns the folder of the unpacked data set in a cache directory,
// downloading and unpacking it the first time, and again where it is damaged.
func (f cifarFormat) cached(cache string, w io.Writer) (string, error) {
	folder := filepath.Join(cache, f.folder)
	err := f.unpacked(folder)
	if err == nil {
		return folder, nil
	}
	if errors.Is(err, errDamagedFile) {
		fmt.Fprintf(w, "data: %v; unpacking the archive anew\n", err)
	}
	archive := filepath.Join(cache, path.Base(f.archive.URL))
	if err := f.archive.To(archive, w); err != nil {
		return "", err
	}
	if err := f.unpack(archive, folder); err != nil {
		return "", fmt.Errorf("data: unpacking %s: %w", archive, err)
	}
	return folder, nil
}

// files are those of the archive that are read.
func (f cifarFormat) files() []string { return slices.Concat(f.train, f.test) }

// unpacked returns an error unless a folder in the cache holds what was unpacked
// to it.
func (f cifarFormat) unpacked(folder string) error {
	if _, err := os.Stat(folder); err != nil {
		return err
	}
	return checkSums(folder, f.files())
}

// unpack puts the archive's files, and their sums, into a folder of the cache.
func (f cifarFormat) unpack(archive, folder string) error {
	// One process unpacks; the others wait for it, then find the folder.
	part, err := lockPart(folder)
	if err != nil {
		return err
	}
	defer part.discard()
	if f.unpacked(folder) == nil {
		return nil
	}
	// Unpack beside the folder and rename: what has the name was whole.
	temporary := folder + ".unpack"
	if err := removeAll(filepath.Dir(folder), filepath.Base(temporary)); err != nil {
		return err
	}
	if err := os.Mkdir(temporary, wholefile.FolderPerms); err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	var sums strings.Builder
	err = f.stream(archive, f.files(), func(name string, content io.Reader, size int64) error {
		out, err := os.OpenFile(filepath.Join(temporary, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, wholefile.FilePerms)
		if err != nil {
			return err
		}
		h := sha256.New()
		if _, err := io.Copy(io.MultiWriter(out, h), content); err != nil {
			out.Close()
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", h.Sum(nil), name)
		return out.Close()
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(temporary, sumsFile), []byte(sums.String()), wholefile.FilePerms); err != nil {
		return err
	}
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	return os.Rename(temporary, folder)
}

// removeAll removes what is in a folder under names that begin so, which processes that were killed
// while unpacking have left: .unpack, and .unpack-1234 of earlier versions.
func removeAll(folder, beginning string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), beginning) {
			if err := os.RemoveAll(filepath.Join(folder, entry.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
