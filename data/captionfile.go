package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// CaptionFile is a folder of images with a file of captions. An image may have
// several; every image of a split that is opened must have one.
//
//	data.CaptionFile{From: data.ImageFolder{Path: "photos"}, Path: "photos/captions.tsv"}
//
// A file whose name ends in .json is in the layout of COCO's captions ("images"
// with id and file_name, "annotations" with image_id and caption). Any other
// holds a line for each caption: the image, a tab, the caption. Empty lines, and
// those that begin with #, mean nothing.
//
//	cats/1.jpg	a black cat on a red sofa
//	2.jpg	two kittens asleep
//
// An image is named by its path inside the folder or archive, or by the last
// part of it where only one image of the split ends so.
//
// X. Chen et al., "Microsoft COCO captions: data collection and evaluation
// server", 2015 (arXiv:1504.00325).
type CaptionFile struct {
	From ImageFolder // the images
	Path string      `recipe:"path"` // the file; the fingerprint of a set tells its captions
}

// Name is the folder's, with "-captioned".
func (c CaptionFile) Name() string { return c.From.Name() + "-captioned" }

// Open opens a split of the folder. The set is [Captioned]. Errors are those of
// [ImageFolder.Open], a file that cannot be read, with the line or the
// annotation, and an image without a caption.
func (c CaptionFile) Open(split Split) (Set, error) {
	if c.Path == "" {
		return nil, errors.New("data.CaptionFile: Path is empty; it must be a .json or .tsv file of captions")
	}
	content, err := os.ReadFile(c.Path)
	if err != nil {
		return nil, fmt.Errorf("data: reading captions: %w", err)
	}
	parse := parseCaptionLines
	if strings.EqualFold(filepath.Ext(c.Path), ".json") {
		parse = parseCOCOCaptions
	}
	byImage, err := parse(bytes.TrimPrefix(content, []byte("\ufeff"))) // The mark with which some editors begin UTF-8.
	if err != nil {
		return nil, fmt.Errorf("data: reading captions of %s: %w", c.Path, err)
	}
	set, err := c.From.Open(split)
	if err != nil {
		return nil, err
	}
	captioned := &captionedFolder{FolderSet: set.(*FolderSet), name: c.Name() + "/" + split.String()}
	if err := captioned.describe(byImage); err != nil {
		set.Close()
		return nil, fmt.Errorf("data: captions of %s: %w", c.Path, err)
	}
	return captioned, nil
}

var _ Captioned = (*captionedFolder)(nil)

// captionedFolder is a folder's split with captions.
type captionedFolder struct {
	*FolderSet
	name        string
	captions    [][]string
	fingerprint string
}

func (s *captionedFolder) Name() string            { return s.name }
func (s *captionedFolder) Captions(i int) []string { return s.captions[i] }
func (s *captionedFolder) Fingerprint() string     { return s.fingerprint }

// describe finds the captions of every image.
func (s *captionedFolder) describe(byImage map[string][]string) error {
	s.captions = make([][]string, s.Len())
	byBase := map[string]string{} // The image that took the captions of a last part of a path.
	hash := sha256.New()
	fmt.Fprintf(hash, "captions/1 %s", s.FolderSet.Fingerprint())
	for i := range s.captions {
		image, base := s.Path(i), path.Base(s.Path(i))
		captions := byImage[image]
		if captions == nil && byImage[base] != nil {
			if other, taken := byBase[base]; taken {
				return fmt.Errorf("%q may be %s or %s: write the path inside the folder", base, other, image)
			}
			byBase[base], captions = image, byImage[base]
		}
		if captions == nil {
			return fmt.Errorf("image %s has no caption", image)
		}
		s.captions[i] = captions
		fmt.Fprintf(hash, "\n%q", captions)
	}
	s.fingerprint = fmt.Sprintf("%x", hash.Sum(nil))
	return nil
}

// parseCaptionLines reads lines of image, tab, caption.
func parseCaptionLines(content []byte) (map[string][]string, error) {
	byImage := map[string][]string{}
	number := 0
	for line := range strings.Lines(string(content)) { // However long they are.
		number++
		if !utf8.ValidString(line) {
			return nil, fmt.Errorf("line %d is %q; it must be in UTF-8", number, line)
		}
		if text := strings.TrimSpace(line); text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		image, caption, ok := strings.Cut(line, "\t")
		image, caption = strings.TrimSpace(image), strings.TrimSpace(caption)
		if !ok || image == "" || caption == "" {
			return nil, fmt.Errorf("line %d is %q; it must be an image, a tab and its caption", number, line)
		}
		byImage[image] = append(byImage[image], caption)
	}
	return byImage, nil
}

// parseCOCOCaptions reads the layout of COCO's captions.
func parseCOCOCaptions(content []byte) (map[string][]string, error) {
	var file struct {
		Images []struct {
			ID       *int64 `json:"id"`
			FileName string `json:"file_name"`
		} `json:"images"`
		Annotations []struct {
			ImageID *int64 `json:"image_id"`
			Caption string `json:"caption"`
		} `json:"annotations"`
	}
	if !utf8.Valid(content) {
		return nil, errors.New("it must be in UTF-8")
	}
	if err := json.Unmarshal(content, &file); err != nil {
		return nil, err
	}
	names := map[int64]string{}
	for i, image := range file.Images {
		if image.FileName == "" || image.ID == nil {
			return nil, fmt.Errorf("images[%d] has no file_name, or no id", i)
		}
		if other, taken := names[*image.ID]; taken && other != image.FileName {
			return nil, fmt.Errorf("images[%d] is %s and has the id %d, which is that of %s", i, image.FileName, *image.ID, other)
		}
		names[*image.ID] = image.FileName
	}
	byImage := map[string][]string{}
	for i, annotation := range file.Annotations {
		if annotation.ImageID == nil {
			return nil, fmt.Errorf("annotations[%d] has no image_id", i)
		}
		name, ok := names[*annotation.ImageID]
		if !ok {
			return nil, fmt.Errorf("annotations[%d] is of image %d, which images does not hold", i, *annotation.ImageID)
		}
		caption := strings.TrimSpace(annotation.Caption)
		if caption == "" {
			return nil, fmt.Errorf("annotations[%d], of %s, has no caption", i, name)
		}
		byImage[name] = append(byImage[name], caption)
	}
	return byImage, nil
}
