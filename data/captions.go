package data

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Captioned is a Set whose images are described in words; the sets of [Shapes]
// and [CaptionFile] are.
type Captioned interface {
	Set
	// Captions are the descriptions of image i, which may tell more or less of
	// it; none where nobody described it. The caller must not change them.
	Captions(i int) []string
}

// Captions returns the captions of every image of a set, in order. It is an
// error where the set is not [Captioned] or an image has no caption.
func Captions(set Set) ([][]string, error) {
	captions := make([][]string, set.Len())
	for i := range captions {
		var err error
		if captions[i], err = captionsOf(set, i); err != nil {
			return nil, err
		}
	}
	return captions, nil
}

// captionsOf are the captions of one image, at least one.
func captionsOf(set Set, i int) ([]string, error) {
	captioned, ok := set.(Captioned)
	if !ok {
		return nil, fmt.Errorf("data: %s has no captions, only images", set.Name())
	}
	captions := captioned.Captions(i)
	if len(captions) == 0 {
		return nil, fmt.Errorf("data: %s: image %d has no caption", set.Name(), i)
	}
	return captions, nil
}

// ifCaptioned are the captions of an image of a set that need not have any.
func ifCaptioned(set Set, i int) []string {
	if captioned, ok := set.(Captioned); ok {
		return captioned.Captions(i)
	}
	return nil
}

// Words are the words of a text in lower case: its runs of letters and digits.
// All else only parts them.
func Words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsNumber(r)
	})
}

// Named is the first of the combinations of words that a caption holds, all of
// its words in any order, or -1.
//
//	data.Named("a large red plain star", [][]string{{"red", "ring"}, {"star", "red"}}) // 1
func Named(caption string, combinations [][]string) int {
	words := Words(caption)
	return slices.IndexFunc(combinations, func(combination []string) bool {
		for _, word := range combination {
			if !slices.Contains(words, strings.ToLower(word)) {
				return false
			}
		}
		return true
	})
}
