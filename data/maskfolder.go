package data

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"maps"
	"path"
	"slices"
	"strings"

	"sslkit/kit/setting"
)

// MaskFolder is a folder or an archive with a folder of images and a folder of masks of the same names:
// photos/1.jpg and masks/1.png.
//
//	data.MaskFolder{From: data.ImageFolder{Path: "roads", Size: 256}, Classes: []string{"other", "road", "pavement"}}
//
// A mask is a PNG whose pixels are classes: the indices of a palette, or grey of up to 8 bits. 255 is
// [IgnoredPixel]. Masks are made square as the images are, by the nearest pixel. Its sets are [Masks];
// images have no label.
type MaskFolder struct {
	// From is the images. Of its settings Object and ValidationFraction must be left out, and
	// TestFraction means nothing: the folders say which images are of a split. OnBad also says what
	// to do about masks that cannot be read, are of another size than their image, or hold a class
	// that there is not, and about images without a mask: Skip leaves the image out.
	From ImageFolder

	// The folders of each split. Default: images/train with masks/train, images/val with masks/val,
	// images/test with masks/test.
	TrainFolders, ValidationFolders, TestFolders MaskFolders

	// Classes are the names of the classes of pixels by index, 1 to 255.
	Classes []string
	// Unlabelled are indices that count as 255, in [0, 255], such as 0 where it means that nobody
	// said.
	Unlabelled []int
	// Fit is how an image becomes a square: Letterbox (default) or Stretch.
	Fit Fit
}

// MaskFolders are the folders of a split, by their paths inside the folder or archive; a folder around
// the whole tree may be left out. Images lie at any depth, and masks at the same.
type MaskFolders struct{ Images, Masks string }

// Name is the folder's.
func (m MaskFolder) Name() string { return m.From.Name() }

// WithDefaults fills in the settings that were left at zero.
func (m MaskFolder) WithDefaults() MaskFolder {
	m.From = m.From.WithDefaults()
	if none := (MaskFolders{}); m.TrainFolders == none && m.ValidationFolders == none && m.TestFolders == none {
		m.TrainFolders = MaskFolders{"images/train", "masks/train"}
		m.ValidationFolders = MaskFolders{"images/val", "masks/val"}
		m.TestFolders = MaskFolders{"images/test", "masks/test"}
	}
	return m
}

// Check returns an error that names the field of a bad setting. It does not look at the path.
func (m MaskFolder) Check() error {
	err := cmp.Or(
		m.From.checkListed("data.MaskFolder: From"), m.Fit.check("data.MaskFolder: Fit"),
		setting.Within(1, IgnoredPixel, "data.MaskFolder: Classes", float64(len(m.Classes))))
	if err != nil {
		return err
	}
	for i, class := range m.Unlabelled {
		if err := setting.Within(0, 255, fmt.Sprintf("data.MaskFolder: Unlabelled[%d]", i), float64(class)); err != nil {
			return err
		}
	}
	for _, folders := range [...]MaskFolders{m.TrainFolders, m.ValidationFolders, m.TestFolders} {
		if folders != (MaskFolders{}) && path.Clean(folders.Images) == path.Clean(folders.Masks) {
			return fmt.Errorf("data.MaskFolder: images and masks are both in %q; they must be in two folders", folders.Images)
		}
	}
	return nil
}

// Open reads the masks of a split and decodes its images, or finds these in the cache.
func (m MaskFolder) Open(split Split) (Set, error) {
	if err := cmp.Or(m.Check(), split.check()); err != nil {
		return nil, err
	}
	m = m.WithDefaults()
	set, err := m.open(split)
	if err != nil {
		return nil, fmt.Errorf("data: opening %s of %s: %w", split, m.From.Path, err)
	}
	return set, nil
}

func (m MaskFolder) open(split Split) (Set, error) {
	folders := [...]MaskFolders{m.TrainFolders, m.ValidationFolders, m.TestFolders}[split]
	if folders.Masks == "" {
		return nil, fmt.Errorf("there are no folders of it: %w", ErrNoSplit)
	}
	tree, err := openArchive(m.From.Path)
	if err != nil {
		return nil, err
	}
	defer tree.close()
	masks := &maskFiles{fit: m.Fit, side: m.From.Size, classes: m.Classes, unlabelled: m.Unlabelled, maxPixels: m.From.MaxPixels}
	root, err := masks.read(tree, path.Clean(folders.Masks), func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	if masks.binary() {
		return nil, errors.New("all masks hold 0 and 255 alone, and 255 is no class: write 1 for the second class")
	}
	entries, err := tree.list()
	if err != nil {
		return nil, err
	}
	list := &listing{fit: &m.Fit, folder: inFolder(root, folders.Images, ""), unnamed: "an image whose name another has"}
	byPath, err := m.match(list, masks, entries, inFolder(root, folders.Masks, ""))
	if err != nil {
		return nil, err
	}
	var left Listed
	for _, name := range slices.Sorted(maps.Keys(masks.byName)) {
		left.add(inFolder(root, folders.Masks, name)+".png", "a mask without an image")
	}
	folder, err := m.From.openListed(split, list)
	if err != nil {
		return nil, err
	}
	set := &maskedFolder{FolderSet: folder, classes: m.Classes, left: left}
	h := sha256.New()
	fmt.Fprintf(h, "masks/1 %s %d %q", folder.Fingerprint(), m.Fit, m.Classes)
	for i := range folder.Len() {
		set.add(byPath[folder.Path(i)], h)
	}
	set.fingerprint = hex.EncodeToString(h.Sum(nil))
	return set, nil
}

// binary tells whether all that is not class 0 is ignored.
func (m *maskFiles) binary() bool {
	for class := 1; class < IgnoredPixel; class++ {
		if m.seen[class] {
			return false
		}
	}
	return m.seen[IgnoredPixel] && m.seen[0] && len(m.classes) > 1 && len(m.unlabelled) == 0
}

// match lists the images that have a good mask, and says why others are left out. It takes the masks
// that have an image out of masks.
func (m MaskFolder) match(list *listing, masks *maskFiles, entries []entry, maskFolder string) (map[string]*maskFile, error) {
	byPath, taken := map[string]*maskFile{}, map[string]*maskFile{}
	for _, e := range entries {
		name, inside := strings.CutPrefix(e.path, list.folder+"/")
		if list.folder == "" {
			name, inside = e.path, true
		}
		if !e.image || !inside || hiddenPath(e.path) || strings.HasPrefix(e.path, maskFolder+"/") || byPath[e.path] != nil {
			continue
		}
		name = stemOf(name)
		if taken[name] != nil {
			continue // Two images of one name: listing tells of the second.
		}
		mask, why := masks.byName[name], error(nil)
		if mask == nil {
			why = errors.New("it has no mask")
		} else if mask.err != nil {
			why = fmt.Errorf("its mask: %w", mask.err)
		}
		if why != nil && m.From.OnBad == Fail {
			return nil, fmt.Errorf("%s: %w", e.path, why)
		}
		delete(masks.byName, name)
		if why != nil {
			list.bad = append(list.bad, Skipped{e.path, why.Error()})
			continue
		}
		byPath[e.path], taken[name] = mask, mask
		list.images = append(list.images, listedImage{path: e.path, size: mask.size})
	}
	return byPath, nil
}

var _ Masks = (*maskedFolder)(nil)

// maskedFolder is an opened split of a MaskFolder.
type maskedFolder struct {
	*FolderSet
	classes     []string
	packed      [][]byte
	left        Listed
	fingerprint string
}

// add is the mask of the next image.
func (s *maskedFolder) add(mask *maskFile, h hash.Hash) {
	s.packed = append(s.packed, mask.packed)
	h.Write(mask.sum[:])
}

func (s *maskedFolder) Fingerprint() string   { return s.fingerprint }
func (s *maskedFolder) MaskClasses() []string { return s.classes }

// LeftOut is what the folder leaves out, and masks without an image.
func (s *maskedFolder) LeftOut() LeftOut {
	left := s.FolderSet.LeftOut()
	left.Objects = s.left
	return left
}

func (s *maskedFolder) ReadMask(i int, mask []uint8) error {
	if err := checkMask(s, i, mask); err != nil {
		return err
	}
	return unpackMask(s.packed[i], mask)
}
