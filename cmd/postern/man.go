package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	mangokong "github.com/alecthomas/mango-kong"
	"github.com/muesli/roff"
)

type manCommand struct{}

// Run prints the manual page in the roff format: postern man | man -l -
func (manCommand) Run(a app, model *kong.Application) error {
	page := *model
	node := *model.Node
	page.Node = &node
	node.Help = "a mail service that you run yourself"
	node.Detail = flowing(model.Help + "\n\n" + model.Detail)
	strip(&node)
	man := mangokong.NewManPage(1, &page)
	man = man.WithSection("Files", defaultConfig+" is the configuration that commands look for if they are told nothing.")
	fmt.Fprint(a.out, man.Build(roff.NewDocument()))
	return nil
}

// strip takes out what is not for readers, and the lessons of --help, whose
// lines a manual page would flow together.
func strip(n *kong.Node) {
	n.Flags = slices.DeleteFunc(slices.Clone(n.Flags), func(f *kong.Flag) bool { return f.Hidden })
	children := slices.Clone(n.Children)
	for i, c := range children {
		child := *c
		child.Detail = ""
		children[i] = &child
		strip(&child)
	}
	n.Children = children
}

// flowing joins the lines of each paragraph.
func flowing(text string) string {
	paragraphs := strings.Split(strings.TrimSpace(text), "\n\n")
	for i, p := range paragraphs {
		paragraphs[i] = strings.Join(strings.Fields(p), " ")
	}
	return strings.Join(paragraphs, "\n\n")
}
