package eval

import (
	"fmt"
	"slices"
	"strings"
)

// TextZeroShot recognises classes of which it has seen no labelled image, by texts that describe
// them, for an encoder whose method puts images and texts in one space, as ssl.CLIP does. A class
// is the mean of its texts' embeddings, each scaled to length 1 before, and an image belongs to the
// class at the smallest angle; of equal ones, the one of the lower index.
//
//	images, err := run.Embeddings(data.Test)
//	result, err := eval.TextZeroShot{Prompts: eval.Prompts(images.Classes, "a {}", "a photo of a {}")}.
//		Evaluate(run.TextEmbeddings, images)
//	fmt.Println(result) // zero-shot by text (10 classes, 20 texts) 61.3 % [60.3, 62.2], chance 10.0 %, 10,000 test images
//
// Write the texts before you look at test images, or choose among them on validation images: with
// enough texts to choose from something always fits. Of combinations that were held out of training
// see data.HeldOut.
//
// Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision"
// (arXiv:2103.00020, section 3.1).
type TextZeroShot struct {
	// Prompts are the texts that describe each class, at least one, in the order of the images'
	// Classes.
	Prompts [][]string
}

// Prompts are the texts of each class, one for each template, in which {} stands for the name of
// the class.
func Prompts(classes []string, templates ...string) [][]string {
	prompts := make([][]string, len(classes))
	for c, class := range classes {
		for _, template := range templates {
			prompts[c] = append(prompts[c], strings.ReplaceAll(template, "{}", class))
		}
	}
	return prompts
}

// TextZeroShotResult is the accuracy among all classes of the images, those without an image too.
// No image was labelled: Labels is 0; SubsetHash names the test images.
type TextZeroShotResult struct {
	Result
	Chance  float64    `json:"chance"`  // Chance is the accuracy of a guess, 1 in the number of classes.
	Classes []string   `json:"classes"` // Classes are their names.
	Prompts [][]string `json:"prompts"` // Prompts are the texts of each.
}

// String reads, for instance,
//
//	zero-shot by text (10 classes, 30 texts) 61.3 % [60.3, 62.2], chance 10.0 %, 10,000 test images
func (r TextZeroShotResult) String() string {
	return fmt.Sprintf("%s %.1f %% [%.1f, %.1f], chance %.1f %%, %s test images",
		r.Protocol, 100*r.Value, 100*r.Low, 100*r.High, 100*r.Chance, thousands(r.N))
}

// Evaluate embeds the prompts and recognises the images, of which each must have a label. It asks
// for all texts at once.
//
// Errors: bad features (see [Features.Check]), a missing label, fewer than two classes, another
// number of Prompts than of classes, a class without a text, what embed refuses, embeddings of
// another length or of other weights than the images', an encoder that has changed.
func (z TextZeroShot) Evaluate(embed func(texts ...string) (Features, error), images Features) (TextZeroShotResult, error) {
	if err := checkLabelled(images); err != nil {
		return TextZeroShotResult{}, err
	}
	texts, err := z.texts(embed, images)
	if err != nil {
		return TextZeroShotResult{}, err
	}
	if err := checkComparable(texts, images); err != nil {
		return TextZeroShotResult{}, err
	}
	predictions, err := Prototypes{Cosine: true, Unit: true}.Predict(texts, images)
	if err != nil {
		return TextZeroShotResult{}, err
	}
	protocol := fmt.Sprintf("zero-shot by text (%s classes, %s texts)", thousands(len(images.Classes)), thousands(texts.N))
	from, err := newResult(protocol, texts, images, predictions)
	if err != nil {
		return TextZeroShotResult{}, err
	}
	from.Labels, from.LabelsPerClass = 0, make([]int, len(images.Classes))
	from.SubsetHash, from.SubsetSeed = images.subsetHash(), images.SubsetSeed
	return TextZeroShotResult{
		Result: from, Chance: 1 / float64(len(images.Classes)), Classes: slices.Clone(images.Classes), Prompts: z.Prompts,
	}, nil
}

// texts are the prompts' embeddings, labelled with their classes.
func (z TextZeroShot) texts(embed func(texts ...string) (Features, error), images Features) (Features, error) {
	if len(images.Classes) < 2 {
		return Features{}, fmt.Errorf("eval: features %q: Classes has %d names; it must have at least 2", images.Name, len(images.Classes))
	}
	if len(z.Prompts) != len(images.Classes) {
		return Features{}, fmt.Errorf("eval.TextZeroShot: Prompts has texts of %d classes; it must have those of the %d of features %q",
			len(z.Prompts), len(images.Classes), images.Name)
	}
	var all []string
	var labels []int
	for c, prompts := range z.Prompts {
		if len(prompts) == 0 {
			return Features{}, fmt.Errorf("eval.TextZeroShot: Prompts[%d], of class %q, is empty; it must hold at least one text",
				c, images.Classes[c])
		}
		for _, prompt := range prompts {
			all, labels = append(all, prompt), append(labels, c)
		}
	}
	return embedded(embed, all, labels, images.Classes)
}

// embedded are texts' embeddings with their labels.
func embedded(
	embed func(texts ...string) (Features, error), texts []string, labels []int, classes []string,
) (Features, error) {
	features, err := embed(texts...)
	if err != nil {
		return Features{}, fmt.Errorf("eval: embedding texts: %w", err)
	}
	if features.N != len(texts) {
		return Features{}, fmt.Errorf("eval: embedding %d texts gave %d embeddings", len(texts), features.N)
	}
	features.Labels, features.Classes = labels, classes
	return features, nil
}
