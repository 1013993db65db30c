package question

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit/curate"
)

// publishedCIFAR10 are the images that CIFAR-10 has by its page.
var publishedCIFAR10 = map[data.Split]int{data.Train: 50_000, data.Test: 10_000}

// PublishedPneumonia are the images that PneumoniaMNIST has by table 2 of the paper of MedMNIST v2,
// which a copy may lack some of.
var PublishedPneumonia = map[data.Split]int{data.Train: 4708, data.Validation: 524, data.Test: 624}

// Describe is what a result tells of the images of its rows of that name: which copy they are, by
// its files and sizes, and how many test images are nearly the same as training images. What was
// found is kept with the runs.
func (o Options) Describe(name string, source data.Source) (result.Data, error) {
	described, err := o.describe(name, source)
	if err != nil {
		return described, fmt.Errorf("describing the images %s: %w", name, err)
	}
	return described, nil
}

func (o Options) describe(name string, source data.Source) (result.Data, error) {
	described := result.Data{Name: name}
	whole, published := source, map[data.Split]int(nil)
	switch s := source.(type) {
	case data.CIFAR10:
		described.Of, whole, published = "CIFAR-10", data.CIFAR10{}, publishedCIFAR10
	case data.MedMNIST:
		described.Of, published = s.Name(), PublishedPneumonia
		if s.Name() == "pneumoniamnist" {
			described.Of = "PneumoniaMNIST"
		}
		s.Train, s.Validation, s.Test = 0, 0, 0
		whole = s
	case data.ImageFolder:
		s.Train, s.Validation, s.Test = 0, 0, 0
		whole, described.Of = s, s.Name()
		copied, of, err := folderCopy(s)
		if err != nil {
			return described, err
		}
		if strings.HasPrefix(s.Name(), "cifar10") {
			described.Of, published = "CIFAR-10", publishedCIFAR10
		}
		described.Of += fmt.Sprintf(" (%s copy, %s)", copied, of)
	case data.Shapes:
		described.Of = "Shapes, drawn by a program"
	}
	var err error
	if described.Splits, err = result.Splits(source, whole, published); err != nil {
		return described, err
	}
	var hash string
	for _, s := range described.Splits {
		hash += s.Fingerprint[:min(12, len(s.Fingerprint))]
	}
	path := o.Runs("data", filepath.Base(name)+"-"+hash+".json")
	near, err := result.Kept(path, func() (result.Near, error) { return nearDuplicates(source) })
	described.Near = &near
	return described, err
}

// folderCopy tells of what format the files of a folder are, and how many its splits have: "50,000 +
// 10,000".
func folderCopy(folder data.ImageFolder) (format, images string, err error) {
	var sizes []string
	formats := map[string]bool{}
	for _, split := range []data.Split{data.Train, data.Test} {
		set, err := folder.Open(split)
		if err != nil {
			return "", "", err
		}
		files := set.(*data.FolderSet)
		for i := range files.Len() {
			formats[strings.ToUpper(strings.TrimPrefix(filepath.Ext(files.Path(i)), "."))] = true
		}
		sizes = append(sizes, result.Thousands(set.Len()))
		if err := set.Close(); err != nil {
			return "", "", err
		}
	}
	if formats["JPG"] {
		delete(formats, "JPG")
		formats["JPEG"] = true
	}
	format = "mixed"
	if len(formats) == 1 {
		for format = range formats {
		}
	}
	return format, strings.Join(sizes, " + "), nil
}

// nearDuplicates looks for images that are nearly the same.
func nearDuplicates(source data.Source) (near result.Near, err error) {
	train, err := source.Open(data.Train)
	if err != nil {
		return near, err
	}
	defer func() { err = errors.Join(err, train.Close()) }()
	test, err := source.Open(data.Test)
	if err != nil {
		return near, err
	}
	defer func() { err = errors.Join(err, test.Close()) }()
	leaks, err := curate.Perceptual{}.Leaks(train, test)
	if err != nil {
		return near, err
	}
	groups, err := curate.Perceptual{}.Groups(train)
	return result.Near{Test: len(leaks.Test()), Train: len(groups.Drop())}, err
}
