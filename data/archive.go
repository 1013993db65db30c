package data

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// archive is a tree of files to read without unpacking it: a folder, a .tar, a
// .tar.gz or a .zip.
type archive interface {
	// list returns the regular files, and the folders, in storage order.
	list() ([]entry, error)
	// visit calls do, in storage order, for every file that wanted accepts, with
	// a function that reads the file's content. That function may be called
	// from another goroutine, after do has returned, until close.
	visit(wanted func(path string) bool, do func(path string, content func() ([]byte, error)) error) error
	// stamp names the state of the archive: where it changes, so may the content.
	stamp() (string, error)
	close() error
}

// entry is a file or folder of an archive. Its path is clean, relative and
// slash-separated.
type entry struct {
	path   string
	folder bool
	image  bool // by its first bytes, or by its name
}

// maxFile bounds the compressed bytes of one image.
const maxFile = 256 << 20

// errTooLong is what reading a file beyond maxFile gives.
var errTooLong = fmt.Errorf("the file is longer than %d MiB", maxFile>>20)

// openArchive tells the kinds apart by content, not by name.
func openArchive(name string) (archive, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		root, err := os.OpenRoot(name)
		if err != nil {
			return nil, err
		}
		return &folderArchive{root}, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		f.Close()
		return nil, err
	}
	head = head[:n]
	base := fileArchive{file: f, info: info}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		r, err := zip.NewReader(f, info.Size())
		if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names are checked when listed
			f.Close()
			return nil, fmt.Errorf("%s is a damaged .zip: %w", name, err)
		}
		return &zipArchive{base, r}, nil
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return &tarArchive{fileArchive: base, zipped: true}, nil
	case len(head) == 512 && bytes.HasPrefix(head[257:], []byte("ustar")):
		return &tarArchive{fileArchive: base}, nil
	}
	f.Close()
	return nil, fmt.Errorf("%s is neither a folder nor a .tar, .tar.gz or .zip archive", name)
}

// entryPath cleans a name inside an archive, and refuses one that climbs out.
func entryPath(name string) (string, error) {
	clean := strings.TrimSuffix(strings.TrimPrefix(path.Clean(strings.ReplaceAll(name, `\`, "/")), "./"), "/")
	if path.IsAbs(clean) || clean == ".." || strings.HasPrefix(clean, "../") || strings.Contains(name, "\x00") || (len(clean) > 1 && clean[1] == ':') {
		return "", fmt.Errorf("entry %q points outside of the archive: the archive is refused", name)
	}
	return clean, nil
}

// folderArchive is a folder on disk. Through os.Root, a symbolic link that
// leads out of it cannot be opened.
type folderArchive struct{ root *os.Root }

func (a *folderArchive) close() error { return a.root.Close() }

func (a *folderArchive) list() ([]entry, error) {
	var entries []entry
	err := a.walk(func(name string, info fs.FileInfo) error {
		e := entry{path: name, folder: info.IsDir()}
		if !e.folder {
			e.image = imageName(name)
			if !e.image && !notImageName(name) {
				f, err := a.root.Open(name)
				if err != nil {
					return err
				}
				e.image = sniffImage(f)
				f.Close()
			}
		}
		entries = append(entries, e)
		return nil
	})
	return entries, err
}

// walk visits folders and regular files, hidden ones left out. A symbolic link
// to a file inside the tree is that file; one to a folder, or out of the tree,
// is passed over.
func (a *folderArchive) walk(do func(name string, info fs.FileInfo) error) error {
	return fs.WalkDir(a.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if hiddenName(d.Name()) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() || d.Type().IsRegular() {
			info, err := d.Info()
			if err != nil {
				return err
			}
			return do(name, info)
		}
		if d.Type()&fs.ModeSymlink != 0 {
			if info, err := a.root.Stat(name); err == nil && info.Mode().IsRegular() {
				return do(name, info)
			}
		}
		return nil
	})
}

func (a *folderArchive) visit(wanted func(string) bool, do func(string, func() ([]byte, error)) error) error {
	return a.walk(func(name string, info fs.FileInfo) error {
		if info.IsDir() || !wanted(name) {
			return nil
		}
		return do(name, func() ([]byte, error) {
			if info.Size() > maxFile {
				return nil, errTooLong
			}
			return a.root.ReadFile(name)
		})
	})
}

func (a *folderArchive) stamp() (string, error) {
	var b strings.Builder
	err := a.walk(func(name string, info fs.FileInfo) error {
		if !info.IsDir() {
			fmt.Fprintf(&b, "%q %d %d\n", name, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return b.String(), err
}

// fileArchive is what the archives that are one file share.
type fileArchive struct {
	file *os.File
	info fs.FileInfo
}

func (a *fileArchive) close() error { return a.file.Close() }

func (a *fileArchive) stamp() (string, error) {
	return fmt.Sprintf("%d %d", a.info.Size(), a.info.ModTime().UnixNano()), nil
}

// zipArchive reads a .zip in any order.
type zipArchive struct {
	fileArchive
	zip *zip.Reader
}

func (a *zipArchive) list() ([]entry, error) {
	var entries []entry
	for _, f := range a.zip.File {
		name, err := entryPath(f.Name)
		if err != nil {
			return nil, err
		}
		e := entry{path: name, folder: strings.HasSuffix(f.Name, "/")}
		if !e.folder && !f.Mode().IsRegular() {
			continue // a link
		}
		if e.image = !e.folder && imageName(name); !e.folder && !e.image && !notImageName(name) {
			if r, err := f.Open(); err == nil {
				e.image = sniffImage(r)
				r.Close()
			}
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func (a *zipArchive) visit(wanted func(string) bool, do func(string, func() ([]byte, error)) error) error {
	for _, f := range a.zip.File {
		name, err := entryPath(f.Name)
		if err != nil {
			return err
		}
		if strings.HasSuffix(f.Name, "/") || !f.Mode().IsRegular() || !wanted(name) {
			continue
		}
		err = do(name, func() ([]byte, error) {
			r, err := f.Open()
			if err != nil {
				return nil, err
			}
			defer r.Close()
			return readAll(r)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tarArchive reads a .tar, plain or compressed, from front to back: once for
// the list, once for the images.
type tarArchive struct {
	fileArchive
	zipped bool
}

// walk visits folders and regular files; links are passed over. In a plain
// .tar the content that is not read is skipped by seeking.
func (a *tarArchive) walk(do func(name string, folder bool, r *tar.Reader) error) error {
	if _, err := a.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	var in io.Reader = a.file
	if a.zipped {
		unzipped, err := gzip.NewReader(a.file)
		if err != nil {
			return fmt.Errorf("%s is damaged: %w", a.file.Name(), err)
		}
		in = unzipped
	}
	for r := tar.NewReader(in); ; {
		header, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			if a.zipped && errors.Is(err, tar.ErrHeader) {
				return fmt.Errorf("%s does not hold a .tar archive: %w", a.file.Name(), err)
			}
			return fmt.Errorf("%s is damaged: %w", a.file.Name(), err)
		}
		name, err := entryPath(header.Name)
		if err != nil {
			return err
		}
		if header.Typeflag != tar.TypeReg && header.Typeflag != tar.TypeDir || name == "." {
			continue
		}
		if err := do(name, header.Typeflag == tar.TypeDir, r); err != nil {
			return err
		}
	}
}

func (a *tarArchive) list() ([]entry, error) {
	var entries []entry
	err := a.walk(func(name string, folder bool, r *tar.Reader) error {
		e := entry{path: name, folder: folder}
		if e.image = !folder && imageName(name); !folder && !e.image && !notImageName(name) {
			e.image = sniffImage(r)
		}
		entries = append(entries, e)
		return nil
	})
	return entries, err
}

func (a *tarArchive) visit(wanted func(string) bool, do func(string, func() ([]byte, error)) error) error {
	return a.walk(func(name string, folder bool, r *tar.Reader) error {
		if folder || !wanted(name) {
			return nil
		}
		content, err := readAll(r)
		if err != nil && err != errTooLong {
			return fmt.Errorf("%s is damaged, in %s: %w", a.file.Name(), name, err)
		}
		return do(name, func() ([]byte, error) { return content, err })
	})
}

func readAll(r io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(content) > maxFile {
		return nil, errTooLong
	}
	return content, err
}
