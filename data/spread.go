package data

// Spread chooses n images of a set of so many, or all where there are fewer: in their order, one of
// each n-th part of the set, at places without a period. A set may hold its classes in turn, as
// [Shapes] does, and every fifth image of it then shows two classes alone.
func Spread(n, images int) []int {
	chosen := make([]int, max(min(n, images), 0))
	for k := range chosen {
		from, to := k*images/len(chosen), (k+1)*images/len(chosen)
		chosen[k] = from + int(mix64(uint64(k))%uint64(to-from))
	}
	return chosen
}
