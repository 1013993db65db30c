package data

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"
)

// folderArchive is a folder on disk. Symbolic links are followed, out of the
// tree too, as torchvision's ImageFolder does.
type folderArchive struct{ path string }

func (a *folderArchive) close() error { return nil }

// place is a file or folder of a folderArchive.
type place struct {
	name   string // in the tree, clean and slash-separated
	disk   string // where it is on disk, links on the way to it followed
	folder bool
	left   string // why it is passed over, such as a link that leads nowhere; else ""
	info   func() (fs.FileInfo, error)
}

// walk visits folders, regular files and what is passed over, in the order of
// their names, hidden ones left out. A link is what it leads to. A folder that
// two links lead to is two folders; a link to a folder that it lies in itself
// would never end, and is passed over.
func (a *folderArchive) walk(do func(place) error) error {
	disk, err := filepath.EvalSymlinks(a.path)
	if err != nil {
		return err
	}
	return walkFolder("", disk, nil, do)
}

// look is walk with a progress bar.
func (a *folderArchive) look(do func(place) error) error {
	bar := newProgress(os.Stderr, "looking through "+a.path, -1, "files", time.Second)
	defer bar.end()
	return a.walk(func(p place) error {
		bar.add(1)
		return do(p)
	})
}

// walkFolder visits what is in a folder. links are the folders on disk that hold
// the links which led there.
func walkFolder(name, disk string, links []string, do func(place) error) error {
	children, err := os.ReadDir(disk)
	if err != nil {
		return err
	}
	for _, child := range children {
		if hiddenName(child.Name()) {
			continue
		}
		p := place{name: path.Join(name, textName(child.Name())), disk: filepath.Join(disk, child.Name()), info: child.Info}
		within := links
		switch kind := child.Type(); {
		case kind.IsDir():
			p.folder = true
		case kind&fs.ModeSymlink != 0:
			within = append(links[:len(links):len(links)], disk)
			p = followed(p, within)
		case !kind.IsRegular():
			p.left = notRegular
		}
		if err := do(p); err != nil {
			return err
		}
		if p.folder {
			if err := walkFolder(p.name, p.disk, within, do); err != nil {
				return err
			}
		}
	}
	return nil
}

// followed is what a link leads to. within are the folders on disk that it lies
// in: where it is itself, and where the links are that led there.
func followed(link place, within []string) place {
	link.left = "a link that leads nowhere"
	target, err := filepath.EvalSymlinks(link.disk)
	if err != nil {
		if !os.IsNotExist(err) {
			link.left = "a link that cannot be followed" // Such as one to itself.
		}
		return link
	}
	info, err := os.Stat(target)
	if err != nil {
		link.left = "a link that cannot be followed"
		return link
	}
	link.disk, link.info = target, func() (fs.FileInfo, error) { return info, nil }
	switch {
	case info.IsDir() && holdsAny(info, within):
		link.left = "a link to a folder that it lies in itself"
	case info.IsDir():
		if f, err := os.Open(target); err != nil {
			link.left = "a link to a folder that cannot be read"
		} else {
			f.Close()
			link.left, link.folder = "", true
		}
	case !info.Mode().IsRegular():
		link.left = "a link to what is neither a file nor a folder"
	default:
		link.left = ""
	}
	return link
}

// holdsAny tells whether a folder is one of others, or above one.
func holdsAny(folder fs.FileInfo, others []string) bool {
	for _, at := range others {
		for {
			if info, err := os.Stat(at); err == nil && os.SameFile(info, folder) {
				return true
			}
			above := filepath.Dir(at)
			if above == at {
				break
			}
			at = above
		}
	}
	return false
}

func (a *folderArchive) list() ([]entry, error) {
	var entries []entry
	err := a.look(func(p place) error {
		e := entry{path: p.name, folder: p.folder, left: p.left}
		if !e.folder && e.left == "" {
			e.sniff(func() (io.ReadCloser, error) { return os.Open(p.disk) })
		}
		entries = append(entries, e)
		return nil
	})
	return entries, err
}

func (a *folderArchive) visit(wanted func(string) bool, read fileReader, do func(string, func() ([]byte, error)) error) error {
	return a.walk(func(p place) error {
		if p.folder || p.left != "" || !wanted(p.name) {
			return nil
		}
		return do(p.name, func() ([]byte, error) {
			f, err := os.Open(p.disk)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			info, err := f.Stat()
			if err != nil {
				return nil, err
			}
			return read(f, uint64(info.Size()))
		})
	})
}

// stamp hashes names, places on disk, sizes and times of all that walk visits: of
// what links lead to, not of the links.
func (a *folderArchive) stamp() (string, error) {
	h := sha256.New()
	err := a.look(func(p place) error {
		if p.folder || p.left != "" {
			fmt.Fprintf(h, "%q %q %t %q\n", p.name, p.disk, p.folder, p.left)
			return nil
		}
		info, err := p.info()
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%q %q %d %d\n", p.name, p.disk, info.Size(), info.ModTime().UnixNano())
		return nil
	})
	return hex.EncodeToString(h.Sum(nil)), err
}
