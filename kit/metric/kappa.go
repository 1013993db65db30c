package metric

import "fmt"

// CohenKappa is how far truth and predictions agree beyond chance,
// (p - e) / (1 - e), where p is the share that agrees and e the share that two
// raters with these class frequencies would agree on by chance. It lies in
// [-1, 1]: 1 when all agree, 0 at chance level. It is symmetric in its two
// slices, which hold one class an image, in [0, classes); absent classes change
// nothing. Where both name one and the same class throughout, the error wraps
// [ErrUndefined] (scikit-learn: NaN).
//
// J. Cohen, "A coefficient of agreement for nominal scales", Educational and
// Psychological Measurement 20 (1960).
func CohenKappa(truth, predicted []int, classes int) (float64, error) {
	if err := checkLabels("CohenKappa", truth, predicted, classes); err != nil {
		return 0, err
	}
	agreed := 0
	a, b := make([]int, classes), make([]int, classes)
	for i, t := range truth {
		a[t]++
		b[predicted[i]]++
		if t == predicted[i] {
			agreed++
		}
	}
	n := float64(len(truth))
	var chance float64 // n²·e
	for c := range classes {
		chance += float64(a[c]) * float64(b[c])
	}
	if chance == n*n {
		return 0, fmt.Errorf("metric.CohenKappa: truth and predicted are both %d throughout: chance agreement is 1: %w",
			truth[0], ErrUndefined)
	}
	return (n*float64(agreed) - chance) / (n*n - chance), nil
}
