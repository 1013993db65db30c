package report

import (
	"fmt"

	"sslkit/kit/eval"
)

// FewShot is the part of few-shot episodes.
func FewShot(result eval.FewShotResult) (Section, error) {
	values, err := raw(result)
	return Section{
		Title: "Few-shot classification",
		Text: []string{fmt.Sprintf("Each of %s episodes draws %d classes and %s of each class. The classifier sees these alone, "+
			"and then names the class of %s of each class. In the literature the classes are new to the encoder. Here the "+
			"encoder was trained on images of them.",
			thousands(result.Episodes), result.Ways, plural(result.Shots, "labelled image", "labelled images"),
			plural(result.Queries, "other image", "other images"))},
		Results: []Result{{fmt.Sprintf("%d-way %d-shot", result.Ways, result.Shots), result.Result}},
		References: []Reference{
			{"Vinyals et al. 2016, Matching networks for one shot learning", "https://arxiv.org/abs/1606.04080"},
			{"Chen et al. 2019, A closer look at few-shot classification", "https://arxiv.org/abs/1904.04232"},
		},
		Values: values,
	}, err
}

// Retrieval is the part of ranking training images for test images. pictures, if any, show some of
// them.
func Retrieval(result eval.RetrievalResult, pictures ...Figure) (Section, error) {
	values, err := raw(result)
	table := Table{Columns: []string{"among the first", "queries that find their class", "share of images of the class"},
		Note: "Interval: " + result.Interval + "."}
	for _, at := range result.At {
		table.Rows = append(table.Rows, []Cell{Counted(at.K), Interval(at.Recall, Share), Interval(at.Precision, Share)})
	}
	return Section{
		Title: "Retrieval",
		Text: []string{"For each test image the training images are ranked by the similarity of their features. Those of the same " +
			"class are relevant. mAP is the average precision of the whole ranking, averaged over the test images."},
		Results: []Result{{"Retrieval, mAP", result.Result}}, Tables: []Table{table}, Figures: pictures, Values: values,
		References: []Reference{{"Manning, Raghavan, Schütze 2008, Introduction to information retrieval, chapter 8", ""}},
	}, err
}
