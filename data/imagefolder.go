package data

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"sslkit/kit/setting"
)

// ImageFolder is the class-folder convention: every folder is a class, every
// JPEG, PNG, GIF, WebP, BMP or TIFF in it (at any depth) an image of that class. The tree may be
// a folder on disk, a .tar, a .tar.gz or a .zip, read without unpacking it.
//
//	train/<class>/*  test/<class>/*  val/<class>/*   splits as they are; a missing test is held out
//	<class>/*                                        Test is held out by hash
//	*                                                unlabelled images
//
// A folder around the whole tree is passed over, and any split may be flat, which
// makes it unlabelled. Splits may also be called, in any case and with "set"
// behind it: training, trn; validation, valid, validate, dev; testing, tst.
// What is called eval or evaluation is Validation beside a test folder, else
// Test. At most five folders that look like splits and have no such names, since
// they hold folders of the same names or are called seg_train and seg_test, are
// an error rather than classes.
//
// On disk, symbolic links to files and folders are followed, out of the tree
// too; a link to a folder that it lies in itself is not, nor one that leads
// nowhere. In archives no links are. Hidden files and __MACOSX are left out in
// silence; [LeftOutOf] gives the paths of all else that is left out, and why.
//
// Opening decodes all images of a split once, on all cores, to squares of Size:
// scaled so that the shorter side fits, then cut to the centre. The pixels are
// kept in one file in the cache, and found there next time while the tree (its
// paths, sizes and modification times, and where links lead) and the settings are
// the same. They are verified by their SHA-256; what is damaged is decoded anew.
// A split larger than Memory is read from that file: by a [Loader] ahead of the
// training, each image when its batch needs it, however large the file is.
type ImageFolder struct {
	Path string `recipe:"path"` // the folder or archive
	Size int    // side of the square images in pixels, 1 to 4096; default 32

	Train      int // at most this many training images, evenly over the classes; default 0: all
	Validation int // at most this many validation images; default 0: all
	Test       int // at most this many test images; default 0: all

	// Object is a regular expression on an image's path inside the folder or
	// archive, whose first group names the object that the image shows, such as
	// `(patient\d+)_`. It makes the images of one object [Instances], and holds
	// them out together. An image that it does not match is an object of its
	// own. Default: every image is.
	Object string

	// TestFraction of each class's images (objects, where Object names them), in
	// (0, 1), is held out for Test where the tree has no test folder: rounded to
	// nearest, at least one, while at least one is left to train on, so that a
	// class of one image has none to test on. Those are held out that rank first
	// by a hash of their path or object. As images are added to a class, few of
	// the others change sides, those whose rank is near the fraction; those of
	// other classes stay. Of unlabelled images it is a fraction of all.
	// Default 0.2.
	TestFraction float64
	// ValidationFraction of each class's images, in [0, 1), is held out of the
	// training images for Validation in the same way, where the tree has no val
	// folder: those that rank last. Where images are too few for both, Test
	// comes first. Default 0: none, and opening Validation is an error that
	// wraps [ErrNoSplit].
	ValidationFraction float64

	// Encoding is how the images are kept: Raw (default) as pixels, or JPEG, which
	// takes about an eighth of the bytes in the file and in memory, and a core one to
	// two milliseconds for each image of 224 pixels that is read. The images of the
	// set are then what the re-encoded ones decode to, the same everywhere with one
	// version of Go; with another version they are decoded anew.
	Encoding Encoding
	// Quality is that of JPEG, 1 to 100; default 90, with Encoding JPEG alone. It
	// costs 3 of 255 grey levels in the mean on photographs (PSNR 35 to 37 dB), and
	// more where colours change from pixel to pixel: they are kept at half the
	// resolution, whatever the quality.
	Quality int

	OnBad     BadImages // what to do about images that cannot be decoded; default Skip
	MaxPixels int       // width times height above which an image counts as bad, without decoding it; default 64 Mi
	Memory    int64     `json:"-"` // bytes of images, as Encoding has them, to keep in memory; a larger split is read from its cache file. Default 1 GiB
	Cache     string    `json:"-"` // where the decoded pixels are kept; default CacheDir
}

// BadImages says what to do about images that are damaged, cut short, too large
// or in another format.
type BadImages int

const (
	// Skip leaves them out and lists them in FolderSet.Skipped.
	Skip BadImages = iota
	// Fail makes the first an error of Open.
	Fail
)

// Name returns the base name of the path without .tar, .tar.gz, .tgz or .zip.
func (f ImageFolder) Name() string {
	base := filepath.Base(filepath.Clean(f.Path))
	for _, suffix := range []string{".tar.gz", ".tgz", ".tar", ".zip"} {
		if name, ok := strings.CutSuffix(base, suffix); ok && name != "" {
			return name
		}
	}
	return base
}

// defaultQuality is that of FFCV.
const defaultQuality = 90

// WithDefaults fills in the settings that were left at zero.
func (f ImageFolder) WithDefaults() ImageFolder {
	f.Size = cmp.Or(f.Size, 32)
	f.TestFraction = cmp.Or(f.TestFraction, 0.2)
	f.MaxPixels = cmp.Or(f.MaxPixels, 64<<20)
	f.Memory = cmp.Or(f.Memory, 1<<30)
	if f.Encoding == JPEG {
		f.Quality = cmp.Or(f.Quality, defaultQuality)
	}
	return f
}

// Check returns an error that names the field and the allowed range of a bad
// setting. It does not look at the path.
func (f ImageFolder) Check() error {
	return f.check("data.ImageFolder")
}

// check is Check for the fields of the type of that name.
func (f ImageFolder) check(of string) error {
	if f.Path == "" {
		return setting.Missing(of+": Path", "a folder or an archive")
	}
	d := ImageFolder{}.WithDefaults()
	f = f.WithDefaults()
	left := 1 - f.TestFraction
	err := cmp.Or(
		setting.Within(1, maxSide, of+": Size", float64(f.Size), d.Size),
		checkCounts(of, f.Train, f.Validation, f.Test, "all"),
		setting.Fraction(of+": TestFraction", f.TestFraction, d.TestFraction),
		setting.Below(1, of+": ValidationFraction", f.ValidationFraction),
		setting.Must(f.TestFraction+f.ValidationFraction < 1, of+": ValidationFraction", f.ValidationFraction,
			fmt.Sprintf("below %g, what TestFraction leaves", left)),
		setting.Must(f.OnBad == Skip || f.OnBad == Fail, of+": OnBad", int(f.OnBad), "Skip or Fail"),
		setting.Must(f.Encoding == Raw || f.Encoding == JPEG, of+": Encoding", int(f.Encoding), "Raw or JPEG"),
		setting.Must(f.Encoding == JPEG || f.Quality == 0, of+": Quality", f.Quality, "0 where Encoding is Raw"),
		setting.Must(f.Encoding == Raw || (f.Quality >= 1 && f.Quality <= 100), of+": Quality", f.Quality, "from 1 to 100", defaultQuality),
		setting.AtLeast(1, of+": MaxPixels", f.MaxPixels, d.MaxPixels),
		setting.Must(f.Memory >= 0, of+": Memory", f.Memory, "at least 1", d.Memory),
	)
	if err != nil || f.Object == "" {
		return err
	}
	object, err := regexp.Compile(f.Object)
	if err != nil {
		return fmt.Errorf("%s: Object is %q; it must be a regular expression: %w", of, f.Object, err)
	}
	return setting.Must(object.NumSubexp() >= 1, of+": Object", strconv.Quote(f.Object),
		"a regular expression with a group, in parentheses, that names the object")
}

// Open decodes one split, or finds it in the cache. The set is a *[FolderSet].
// An archive entry that points outside of the archive, a class folder without
// images and a tree without any are errors that name it.
func (f ImageFolder) Open(split Split) (Set, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	if err := split.check(); err != nil {
		return nil, err
	}
	set, err := f.WithDefaults().open(split, f.objects())
	if err != nil {
		return nil, fmt.Errorf("data: opening %s of %s: %w", split, f.Path, err)
	}
	return set, nil
}

// convention is how paths are understood.
type convention struct {
	name    string                                   // in the cache's key; "" is that of class folders, every image an object
	classes bool                                     // the folders of a split are classes
	object  func(path string) (name string, ok bool) // that an image shows, where it shares one with others
	oneSize bool                                     // the images of an object that are not of its most frequent size are bad
	listed  *listing                                 // names the images of the split; nil: folders do
	laid    func() (*layout, error)                  // tells the images, which may still be held out; nil: the entries do
}

// layout is what a tree means.
func (c convention) layout(entries []entry, split Split, f ImageFolder) (*layout, error) {
	if c.listed != nil {
		return c.listed.layout(entries, split, f.OnBad)
	}
	var found *layout
	var err error
	if c.laid != nil {
		found, err = c.laid()
	} else {
		found, err = newLayout(entries, c.classes)
	}
	if err == nil {
		found.holdOut(f.TestFraction, f.ValidationFraction, c.unit)
	}
	return found, err
}

// sized tells whether images are made square as a whole, so that the size that each had is kept.
func (c convention) sized() bool { return c.listed != nil && c.listed.fit != nil }

// unit is what stays on one side when images are held out.
func (c convention) unit(image located) string {
	if name, ok := c.object(image.path); ok {
		return name
	}
	return image.inner
}

// objects is the convention of class folders, with the objects that Object names.
func (f ImageFolder) objects() convention {
	c := convention{classes: true, object: func(string) (string, bool) { return "", false }}
	if f.Object != "" {
		object := regexp.MustCompile(f.Object)
		c.name = "objects " + f.Object
		c.object = func(path string) (string, bool) {
			if groups := object.FindStringSubmatch(path); groups != nil {
				return groups[1], true
			}
			return "", false
		}
	}
	return c
}

func (f ImageFolder) open(split Split, by convention) (*FolderSet, error) {
	tree, err := openArchive(f.Path)
	if err != nil {
		return nil, err
	}
	defer tree.close()
	return f.openTree(tree, split, by)
}

// openTree opens a split of a tree that is at f.Path.
func (f ImageFolder) openTree(tree archive, split Split, by convention) (*FolderSet, error) {
	cache, err := f.cacheFile(tree, split, by)
	if err != nil {
		return nil, err
	}
	set, err := openPixels(cache, f.Memory)
	if err == nil {
		return f.named(set, split, by), nil
	}

	// One process decodes; others that want the same wait, then find it. Where
	// the cache cannot be written, memory may do.
	part, lockErr := lockPart(cache.path)
	if lockErr == nil {
		defer part.discard()
		if set, err = openPixels(cache, f.Memory); err == nil {
			return f.named(set, split, by), nil
		}
	}
	cache.warn(os.Stderr, err)
	cleanParts(filepath.Dir(cache.path), cacheEnding)
	entries, err := tree.list()
	if err != nil {
		return nil, err
	}
	found, err := by.layout(entries, split, f)
	if err != nil {
		return nil, err
	}
	job, err := f.choose(found, split)
	if err != nil {
		return nil, err
	}
	if by.oneSize {
		job.videoOf = by.unit
	}
	if by.listed != nil {
		job.whole, job.sizeOf = by.listed.fit, by.listed.sizes()
	}
	to, kept, err := f.writer(len(job.images), part, lockErr)
	if err != nil {
		return nil, err
	}
	index, err := job.decode(tree, to)
	if errors.Is(err, errNoRoom) {
		return nil, f.tooLarge(lockErr)
	}
	if err != nil {
		return nil, err
	}
	index.Key, index.Ignored, index.NotFollowed = cache.key, found.ignored, found.notFollowed
	index.Skipped = append(index.Skipped, found.stray[split]...)

	if kept != nil {
		if lockErr == nil {
			// Memory has it all: where this fails, only the next opening is slower.
			_ = cache.save(part, index, kept())
		}
		return f.named(&FolderSet{index: index, pixels: kept()}, split, by), nil
	}
	if err := cache.save(part, index, nil); err != nil {
		return nil, fmt.Errorf("writing the cache: %w", err)
	}
	if set, err = openPixels(cache, f.Memory); err != nil {
		return nil, err
	}
	return f.named(set, split, by), nil
}

// named finishes a set that was read.
func (f ImageFolder) named(set *FolderSet, split Split, by convention) *FolderSet {
	set.name = f.Name() + "/" + split.String()
	set.object, set.members = make([]int, set.Len()), nil
	known := map[string]int{}
	for i := range set.object {
		name, shared := by.object(set.Path(i))
		at, seen := known[name]
		if !shared || !seen {
			at = len(set.members)
			set.members = append(set.members, nil)
			if shared {
				known[name] = at
			}
		}
		set.object[i], set.members[at] = at, append(set.members[at], i)
	}
	return set
}

// choose lists the images of a split, under the limit of its field.
func (f ImageFolder) choose(found *layout, split Split) (*decodeJob, error) {
	images := found.images[split]
	if len(images) == 0 {
		if split == Validation && !found.has[Validation] {
			return nil, fmt.Errorf("there is no val folder; set ValidationFraction to hold some training images out: %w", ErrNoSplit)
		}
		if !found.has[split] {
			return nil, fmt.Errorf("there is no %s folder beside %s: %w", split, strings.Join(found.splitNames(), ", "), ErrNoSplit)
		}
		return nil, fmt.Errorf("none of %d images is held out for %s: a class needs one to train on and one for each split", found.total, split)
	}
	labels := make([]int, len(images))
	for i, image := range images {
		labels[i] = image.class
	}
	count := [...]int{f.Train, f.Validation, f.Test}[split]
	job := &decodeJob{size: f.Size, maxPixels: f.MaxPixels, quality: f.Quality, onBad: f.OnBad}
	if found.labelled[split] {
		job.classes = found.classes
	}
	for _, i := range limit(labels, count) {
		job.images = append(job.images, images[i])
	}
	job.bar = newProgress(os.Stderr, "decoding "+f.Name()+"/"+split.String(), int64(len(job.images)), "images", time.Second)
	return job, nil
}
