package eval

import (
	"fmt"
	"slices"
)

// TextRetrieval finds images by their captions and captions by their images, for an encoder whose
// method puts both in one space, as ssl.CLIP does. It is [Retrieval] both ways: what is captioned
// alike is relevant, and every caption stands there once, however many images have it.
//
//	images, err := run.Embeddings(data.Test)
//	byText, byImage, err := eval.TextRetrieval{}.Evaluate(run.TextEmbeddings, images, captions)
//	fmt.Println(byText.At[0].Recall, byImage.At[0].Recall) // Recall at 1.
type TextRetrieval struct {
	// K are the lengths of the lists, as those of [Retrieval]; none may be above the number of
	// images or of different captions.
	K         []int
	Resamples int    // Resamples of the bootstrap over queries, at least 100. Default: 1,000.
	Seed      uint64 // Seed of the bootstrap.
}

// Evaluate ranks the images for every caption (byText) and the captions for every image (byImage).
// The images' labels are not looked at.
//
//	captions: [images.N], one of each image
//
// Errors: those of [Retrieval], another number of captions than of images, and what embed refuses.
func (r TextRetrieval) Evaluate(
	embed func(texts ...string) (Features, error), images Features, captions []string,
) (byText, byImage RetrievalResult, err error) {
	fail := func(err error) (RetrievalResult, RetrievalResult, error) {
		return RetrievalResult{}, RetrievalResult{}, err
	}
	if len(captions) != images.N || images.N == 0 {
		return fail(fmt.Errorf("eval.TextRetrieval: there are %d captions for the %d images of features %q; there must be one of each",
			len(captions), images.N, images.Name))
	}
	texts := slices.Clone(captions)
	slices.Sort(texts)
	texts = slices.Compact(texts)
	own := make([]int, len(texts))
	for i := range own {
		own[i] = i
	}
	described, err := embedded(embed, texts, own, texts)
	if err != nil {
		return fail(err)
	}
	images.Labels, images.Classes = make([]int, images.N), texts
	for i, caption := range captions {
		images.Labels[i], _ = slices.BinarySearch(texts, caption)
	}
	described.Name = images.Name + " captions" // Not the images' own: no row is to be taken out as its query itself.
	retrieval := Retrieval{K: r.K, Resamples: r.Resamples, Seed: r.Seed}
	if byText, err = retrieval.Evaluate(images, described); err != nil {
		return fail(err)
	}
	if byImage, err = retrieval.Evaluate(described, images); err != nil {
		return fail(err)
	}
	byText.Protocol, byImage.Protocol = "retrieval of images by text (cosine)", "retrieval of texts by image (cosine)"
	return byText, byImage, nil
}
