package encoder

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sslkit/data"
)

// Vocabulary are the words that a text encoder knows, in lower case and sorted. A text becomes a
// sequence of tokens, a number each: that of the start, those of its words, that of the end, and
// padding.
//
//	words := encoder.NewVocabulary("a red star", "a blue ring") // a blue red ring star
//	words.Tokens("A red ring!", 6)                             // [1 3 5 6 2 0]
type Vocabulary []string

// The tokens that are no words. That of Vocabulary[i] is firstWord + i.
const (
	padToken   int32 = iota // Behind the end.
	startToken              // Before the first word.
	endToken                // Behind the last word.
	firstWord
)

// NewVocabulary are the words of some texts; see data.Words.
func NewVocabulary(texts ...string) Vocabulary {
	known := map[string]bool{}
	for _, text := range texts {
		for _, word := range data.Words(text) {
			known[word] = true
		}
	}
	return slices.Sorted(maps.Keys(known))
}

// Check returns an error where the vocabulary holds no word, or what is none, or is not sorted.
func (v Vocabulary) Check() error {
	if len(v) == 0 {
		return errors.New("encoder.Vocabulary holds no words; it must hold at least 1")
	}
	for i, word := range v {
		if words := data.Words(word); len(words) != 1 || words[0] != word {
			return fmt.Errorf("encoder.Vocabulary holds %q; it must hold words in lower case", word)
		}
		if i > 0 && v[i-1] >= word {
			return fmt.Errorf("encoder.Vocabulary holds %q behind %q; it must be sorted, with each word once", word, v[i-1])
		}
	}
	return nil
}

// Size is the number of tokens there are: of the words, the start, the end and the padding.
func (v Vocabulary) Size() int { return int(firstWord) + len(v) }

// Tokens are a text as so many tokens. It is an error where the text has no words or one that is
// not known, and where it has more than length-2.
func (v Vocabulary) Tokens(text string, length int) ([]int32, error) {
	words := data.Words(text)
	if len(words) == 0 {
		return nil, fmt.Errorf("%q holds no words", text)
	}
	if len(words)+2 > length {
		return nil, fmt.Errorf("%q takes %d tokens, %d words, a start and an end; there is room for %d",
			text, len(words)+2, len(words), length)
	}
	tokens := make([]int32, length) // Of padding.
	tokens[0] = startToken
	for i, word := range words {
		at, known := slices.BinarySearch(v, word)
		if !known {
			return nil, fmt.Errorf("%q holds the word %q, which is not in the vocabulary of %d words", text, word, len(v))
		}
		tokens[i+1] = firstWord + int32(at)
	}
	tokens[len(words)+1] = endToken
	return tokens, nil
}

// Text are the words of tokens, with blanks between them: what data.Words leaves of the text that
// Tokens was given.
func (v Vocabulary) Text(tokens []int32) string {
	var words []string
	for _, token := range tokens {
		if at := token - firstWord; at >= 0 && int(at) < len(v) {
			words = append(words, v[at])
		}
	}
	return strings.Join(words, " ")
}
