package report

import (
	"fmt"

	"sslkit/kit/eval"
	"sslkit/kit/metric"
	"sslkit/plots"
)

var (
	wu2018 = Reference{"Wu et al. 2018, Unsupervised feature learning via non-parametric instance discrimination",
		"https://arxiv.org/abs/1805.01978"}
	zhang16 = Reference{"Zhang, Isola, Efros 2016, Colorful image colorization (linear probes on frozen features)",
		"https://arxiv.org/abs/1603.08511"}
	wilson27 = Reference{"Wilson 1927, Probable inference, the law of succession, and statistical inference, JASA 22", ""}
)

// KNN is the part of nearest neighbours: the trained encoder, and the same encoder before training
// as the baseline.
func KNN(trained, before eval.Result) (Section, error) {
	values, err := raw(map[string]eval.Result{"trained": trained, "before_training": before})
	s := Section{
		Title: "k-NN",
		Text: []string{"Each image gets the class that its nearest labelled images vote for, by the features of the frozen " +
			"encoder. Nothing is trained on the labels, and nothing is tuned."},
		Results:    []Result{{"k-NN", trained}, {"k-NN, before training", before}},
		References: []Reference{wu2018, wilson27},
		Values:     values,
	}
	s.Warnings = append(s.Warnings, copied(trained)...)
	if trained.High < before.Low {
		s.Warnings = append(s.Warnings, fmt.Sprintf("training made the features worse: k-NN is right on %s of the images, and was "+
			"right on %s of them before training", Result{Result: trained}.Quantity(), Result{Result: before}.Quantity()))
	}
	return s, err
}

// Linear is the part of the linear probe. truth are the classes of the test images; the result must
// hold a prediction of each. pictures, if any, show some of its errors.
func Linear(result eval.Result, truth []int, classes []string, pictures ...Figure) (Section, error) {
	values, err := raw(result)
	if err != nil {
		return Section{}, err
	}
	s := Section{
		Title: "Linear probe",
		Text: []string{"Logistic regression on the standardised features of the frozen encoder. Its L2 penalty is chosen with " +
			"training images alone."},
		Results:    []Result{{"Linear probe", result}},
		References: []Reference{zhang16, wilson27},
		Values:     values,
		Warnings:   copied(result),
	}
	if result.Fit != nil && !result.Fit.Converged {
		s.Warnings = append(s.Warnings, fmt.Sprintf("the fit of the linear probe had not converged after %d iterations; raise "+
			"MaxIterations in eval.Linear", result.Fit.Iterations))
	}
	if words := majority(truth, classes); words != "" {
		s.Text = append(s.Text, words)
	}
	counts, err := metric.Confusion(truth, result.Predictions, len(classes))
	if err != nil {
		return Section{}, err
	}
	if len(classes) <= confusionUpTo {
		plot, err := plots.Confusion("Linear probe: true and predicted classes", counts, classes)
		if err != nil {
			return Section{}, err
		}
		figure, err := Draw(plot, "Rows are the true classes, columns the predicted ones. The colour shows the share of the row.")
		if err != nil {
			return Section{}, err
		}
		s.Figures = []Figure{figure}
	}
	s.Figures = append(s.Figures, pictures...)
	perClass, err := classTable(counts, classes)
	s.Tables = []Table{perClass}
	return s, err
}

// confusionUpTo is the number of classes up to which a matrix of them can be read.
const confusionUpTo = 45

// classTable is the share of each class that is recognised.
func classTable(counts [][]int, classes []string) (Table, error) {
	table := Table{Title: "Accuracy by class", Columns: []string{"class", "recognised", "test images"},
		Note: "Intervals: Wilson's, over the test images of the class."}
	for c, row := range counts {
		n := 0
		for _, count := range row {
			n += count
		}
		if n == 0 {
			table.Rows = append(table.Rows, []Cell{Words(classes[c]), Words("no test image"), Number(0, Count)})
			continue
		}
		recognised, err := metric.Wilson(row[c], n)
		if err != nil {
			return table, err
		}
		table.Rows = append(table.Rows, []Cell{Words(classes[c]), Interval(recognised, Share), Counted(n)})
	}
	return table, nil
}

// majority is what always naming the most frequent class would get.
func majority(truth []int, classes []string) string {
	counts, most := make([]int, len(classes)), 0
	for _, c := range truth {
		if c < 0 || c >= len(counts) {
			return ""
		}
		if counts[c]++; counts[c] > counts[most] {
			most = c
		}
	}
	if len(truth) == 0 {
		return ""
	}
	return fmt.Sprintf("Always naming the most frequent of the %s classes would be right on %s of the images.", thousands(len(classes)),
		Number(float64(counts[most])/float64(len(truth)), Share).Figure)
}

// copied warns of test images that are among the labelled ones.
func copied(r eval.Result) []string {
	if r.Copies == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s exactly the features of a labelled image of %s: the same images are probably in both sets",
		plural(r.Copies, "test image of "+r.Test+" has", "test images of "+r.Test+" have"), r.Train)}
}
