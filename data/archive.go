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
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"
)

// archive is a tree of files to read without unpacking it: a folder, a .tar, a
// .tar.gz or a .zip.
type archive interface {
	// list returns the regular files, the folders and what is not followed, in
	// storage order.
	list() ([]entry, error)
	// visit calls do, in storage order, for every file that wanted accepts, with
	// a function that reads the file's content by read. That function may be
	// called from another goroutine, after do has returned, until close.
	visit(wanted func(path string) bool, read fileReader, do func(path string, content func() ([]byte, error)) error) error
	// stamp names the state of the archive: where it changes, so may the content.
	stamp() (string, error)
	close() error
}

// fileReader reads a file of size bytes. Of what may be too much it reads less, or
// returns errTooLong.
type fileReader func(r io.Reader, size uint64) ([]byte, error)

// entry is a file or folder of an archive. Its path is clean, relative and
// slash-separated.
type entry struct {
	path    string
	folder  bool
	image   bool   // by its first bytes, or by its name
	left    string // why it is passed over, such as a link that is not followed; else ""
	ignored string // why it is ignored, where that is other than that it is no image; else ""
}

// sniff finds out whether a file is an image: by its name, or by its first bytes,
// where its name does not tell.
func (e *entry) sniff(open func() (io.ReadCloser, error)) {
	if e.image = imageName(e.path); e.image || notImageName(e.path) {
		return
	}
	r, err := open()
	if err != nil {
		e.ignored = fmt.Sprintf("it cannot be opened: %v", err)
		return
	}
	defer r.Close()
	head, err := io.ReadAll(io.LimitReader(r, magicLength))
	if e.image = isImage(head); err != nil && !e.image {
		e.ignored = fmt.Sprintf("it cannot be read: %v", err)
	}
}

// Why links, and what is neither a file nor a folder, are passed over in an archive.
const (
	linkInArchive = "a link, and links in archives are not followed"
	notRegular    = "neither a file nor a folder"
)

// stat is os.Stat of a Path that a user gave. Where nothing is there, its error tells how far the path
// leads: cells run in the folder of their notebook, so a relative path may begin elsewhere than it
// seems to.
func stat(name string) (fs.FileInfo, error) {
	info, err := os.Stat(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return info, err
	}
	missing, absErr := filepath.Abs(name)
	if absErr != nil {
		return nil, err
	}
	for parent := filepath.Dir(missing); parent != missing; parent = filepath.Dir(missing) {
		if info, err := os.Stat(parent); err == nil && info.IsDir() {
			break
		}
		missing = parent
	}
	if _, err := os.Lstat(missing); err == nil {
		return nil, fmt.Errorf("Path leads nowhere: %s is a link to what is not there: %w", missing, fs.ErrNotExist)
	}
	return nil, fmt.Errorf("Path leads nowhere, since %s has no %q; it must be a folder or an archive: %w",
		filepath.Dir(missing), filepath.Base(missing), fs.ErrNotExist)
}

// openArchive tells the kinds apart by content, not by name.
func openArchive(name string) (archive, error) {
	info, err := stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return &folderArchive{name}, nil
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

// maxEntryPath is the length of the longest name in an archive, in bytes: that of
// Linux for a path. A few bytes of a .tar.gz can claim names of megabytes.
const maxEntryPath = 4096

// entryPath cleans a name inside an archive, and refuses one that climbs out.
func entryPath(name string) (string, error) {
	if len(name) > maxEntryPath {
		return "", fmt.Errorf("entry %q... has a name of %d bytes; it must be at most %d: the archive is refused", name[:64], len(name), maxEntryPath)
	}
	clean := strings.TrimSuffix(strings.TrimPrefix(path.Clean(strings.ReplaceAll(name, `\`, "/")), "./"), "/")
	if path.IsAbs(clean) || clean == ".." || strings.HasPrefix(clean, "../") || strings.Contains(name, "\x00") || (len(clean) > 1 && clean[1] == ':') {
		return "", fmt.Errorf("entry %q points outside of the archive: the archive is refused", name)
	}
	return textName(clean), nil
}

// textName is a name in UTF-8, in which a byte that is none is written as \xe9:
// what is not text would come back from a cache as another name.
func textName(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	var b strings.Builder
	for len(name) > 0 {
		if r, size := utf8.DecodeRuneInString(name); r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\x%02x`, name[0])
			name = name[1:]
		} else {
			b.WriteString(name[:size])
			name = name[size:]
		}
	}
	return b.String()
}

// fileArchive is what the archives that are one file share.
type fileArchive struct {
	file *os.File
	info fs.FileInfo
}

// room is how many bytes of content an archive can hold beside those that were
// taken: an entry can claim any number, without a byte of it being there.
type room uint64

// take returns an error where there is no room for size bytes.
func (r *room) take(size uint64) error {
	if size > uint64(*r) {
		return fmt.Errorf("it claims %d bytes, more than its archive can hold", size)
	}
	*r -= room(size)
	return nil
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

// zipFolder tells whether an entry is a folder, whose name some writers end in a
// backslash.
func zipFolder(f *zip.File) bool {
	return f.Mode().IsDir() || strings.HasSuffix(f.Name, `\`)
}

// openZipped opens the content of an entry.
func openZipped(f *zip.File) (io.ReadCloser, error) {
	if f.Flags&1 != 0 {
		return nil, errors.New("it is encrypted")
	}
	return f.Open()
}

func (a *zipArchive) list() ([]entry, error) {
	var entries []entry
	for _, f := range a.zip.File {
		name, err := entryPath(f.Name)
		if err != nil {
			return nil, err
		}
		e := entry{path: name, folder: zipFolder(f)}
		switch {
		case e.folder:
		case f.Mode()&fs.ModeSymlink != 0:
			e.left = linkInArchive
		case !f.Mode().IsRegular():
			e.left = notRegular
		default:
			e.sniff(func() (io.ReadCloser, error) { return openZipped(f) })
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func (a *zipArchive) visit(wanted func(string) bool, read fileReader, do func(string, func() ([]byte, error)) error) error {
	left := room(maxRatio * a.info.Size())
	for _, f := range a.zip.File {
		name, err := entryPath(f.Name)
		if err != nil {
			return err
		}
		if zipFolder(f) || !f.Mode().IsRegular() || !wanted(name) {
			continue
		}
		full := left.take(f.UncompressedSize64)
		err = do(name, func() ([]byte, error) {
			if full != nil {
				return nil, full
			}
			r, err := openZipped(f)
			if err != nil {
				return nil, err
			}
			defer r.Close()
			return read(r, f.UncompressedSize64)
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

// walk visits all entries. In a plain .tar the content that is not read is
// skipped by seeking.
func (a *tarArchive) walk(do func(name string, header *tar.Header, r *tar.Reader) error) error {
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
			if err := nothingFollows(in); err != nil {
				return fmt.Errorf("%s is damaged: %w", a.file.Name(), err)
			}
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
		if header.Typeflag == tar.TypeXGlobalHeader || name == "." {
			continue
		}
		if err := do(name, header, r); err != nil {
			return err
		}
	}
}

// nothingFollows returns an error where there is more behind the end of a .tar
// than zeros, or where the sum of its compressed bytes is wrong: a .gz is only
// compared with it at its end. What is behind that is ignored, as gzip does.
func nothingFollows(in io.Reader) error {
	rest := make([]byte, 32<<10)
	for {
		n, err := in.Read(rest)
		if len(bytes.Trim(rest[:n], "\x00")) > 0 {
			return errors.New("it goes on behind its end: another archive may be appended, which is not read")
		}
		if err == io.EOF || err == gzip.ErrHeader {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (a *tarArchive) list() ([]entry, error) {
	var entries []entry
	bar := newProgress(os.Stderr, "looking through "+a.file.Name(), -1, "files", time.Second)
	defer bar.end()
	err := a.walk(func(name string, header *tar.Header, r *tar.Reader) error {
		bar.add(1)
		e := entry{path: name}
		switch header.Typeflag {
		case tar.TypeDir:
			e.folder = true
		case tar.TypeReg, tar.TypeGNUSparse:
			e.sniff(func() (io.ReadCloser, error) { return io.NopCloser(r), nil })
		case tar.TypeSymlink, tar.TypeLink:
			e.left = linkInArchive
		default:
			e.left = notRegular
		}
		entries = append(entries, e)
		return nil
	})
	markLabels(entries)
	return entries, err
}

func (a *tarArchive) visit(wanted func(string) bool, read fileReader, do func(string, func() ([]byte, error)) error) error {
	left := room(a.info.Size())
	if a.zipped {
		left *= maxRatio
	}
	return a.walk(func(name string, header *tar.Header, r *tar.Reader) error {
		if header.Typeflag != tar.TypeReg && header.Typeflag != tar.TypeGNUSparse || !wanted(name) {
			return nil
		}
		if err := left.take(uint64(header.Size)); err != nil {
			return do(name, func() ([]byte, error) { return nil, err })
		}
		content, err := read(r, uint64(header.Size))
		if err != nil && err != errTooLong {
			return fmt.Errorf("%s is damaged, in %s: %w", a.file.Name(), name, err)
		}
		return do(name, func() ([]byte, error) { return content, err })
	})
}
