package ssl

// Reads is what a method reads for every image of the data, the one image alone where both numbers are 0.
type Reads struct {
	Frames    int  // Of a clip that begins with the image, for a method that ReadsClips, or a term of a Sum that does.
	Instances int  // Images of the object that the image shows, for one that ReadsInstances.
	Captions  bool // A caption of the image, for one that ReadsCaptions.
	// Sources tell for each view of Method.Views which of the frames or instances it is made from.
	Sources []int
}

// ReadsOf tells what a method reads for images of height × width pixels. The terms of a Sum share what they read: the
// longest clip, the most instances.
func ReadsOf(m Method, height, width int) Reads {
	var reads Reads
	if sum, ok := m.(Sum); ok {
		for _, term := range sum {
			own := ReadsOf(term.Method, height, width)
			reads.Frames, reads.Instances = max(reads.Frames, own.Frames), max(reads.Instances, own.Instances)
			reads.Captions = reads.Captions || own.Captions
			reads.Sources = append(reads.Sources, own.Sources...)
		}
		return reads
	}
	if clips, ok := m.(ReadsClips); ok {
		reads.Frames = clips.Frames()
	}
	if instances, ok := m.(ReadsInstances); ok {
		reads.Instances = instances.Instances()
	}
	_, reads.Captions = m.(ReadsCaptions)
	images := max(reads.Frames, reads.Instances, 1)
	for v := range m.Views(height, width) {
		reads.Sources = append(reads.Sources, v%images)
	}
	return reads
}
