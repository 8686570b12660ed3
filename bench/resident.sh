#!/bin/bash
# The tasks of `make bench` that a shell runs which has loaded them once.
# @runner resident

# @task
# What `bash -c 'echo $(($1 + 1))'` does.
plus_one_resident() {
	echo $(($1 + 1))
}
