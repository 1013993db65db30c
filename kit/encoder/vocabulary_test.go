package encoder

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestVocabularyByHand(t *testing.T) {
	words := NewVocabulary("a red star", "A blue ring!")
	if got := strings.Join(words, " "); got != "a blue red ring star" || words.Size() != 8 || words.Check() != nil {
		t.Fatalf("words %q, %d tokens, %v", got, words.Size(), words.Check())
	}
	for text, want := range map[string][]int32{
		"A red ring!":         {1, 3, 5, 6, 2, 0, 0},
		"star":                {1, 7, 2, 0, 0, 0, 0},
		"a blue, a blue star": {1, 3, 4, 3, 4, 7, 2},
	} {
		if got, err := words.Tokens(text, 7); err != nil || !slices.Equal(got, want) {
			t.Errorf("the tokens of %q are %v, want %v (%v)", text, got, want, err)
		}
	}
}

func TestTokensThereAndBack(t *testing.T) {
	texts := []string{"a large red striped star at the top left", "x ray no 7", "ärger über cafés", "ring"}
	words := NewVocabulary(texts...)
	other := slices.Clone(texts)
	slices.Reverse(other)
	if !slices.Equal(words, NewVocabulary(other...)) {
		t.Error("the order of the texts changes the vocabulary")
	}
	for _, text := range texts {
		for _, written := range []string{text, strings.ToUpper(text), " " + strings.ReplaceAll(text, " ", ", ") + "."} {
			tokens, err := words.Tokens(written, 12)
			if err != nil {
				t.Fatal(err)
			}
			if got := words.Text(tokens); got != text {
				t.Errorf("%q comes back as %q", written, got)
			}
		}
	}
}

func TestTextsThatAreNoTokens(t *testing.T) {
	words := NewVocabulary("a red star")
	for text, part := range map[string]string{
		"a red ring": `the word "ring"`, " -! ": "no words", "": "no words", "a red red star": "takes 6 tokens, 4 words",
	} {
		if tokens, err := words.Tokens(text, 5); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q is %v, error %v, which does not say %q", text, tokens, err, part)
		}
	}
	if _, err := words.Tokens("a red star", 5); err != nil {
		t.Errorf("a text that just fits: %v", err)
	}
	for _, bad := range []Vocabulary{{}, {"a", "Red"}, {"b", "a"}, {"a", "a"}, {"red star"}, {""}} {
		if err := bad.Check(); err == nil || !strings.Contains(err.Error(), "encoder.Vocabulary") {
			t.Errorf("%q: error %v", []string(bad), err)
		}
	}
}

func ExampleVocabulary() {
	words := NewVocabulary("a red star", "a blue ring")
	tokens, err := words.Tokens("A red ring!", 6)
	fmt.Println([]string(words), tokens, err)
	fmt.Println(words.Text(tokens))
	_, err = words.Tokens("a red cross", 6)
	fmt.Println(err)
	// Output:
	// [a blue red ring star] [1 3 5 6 2 0] <nil>
	// a red ring
	// "a red cross" holds the word "cross", which is not in the vocabulary of 5 words
}
