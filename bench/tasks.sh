#!/bin/sh
# The tasks of `make bench`.

# @task
# What `sh -c 'echo $(($1 + 1))'` does.
plus_one() {
	echo $(($1 + 1))
}
