#!/usr/bin/python3
"""Makes the numbered cases: one question about godwit each, asked and answered with frames."""

import pathlib

import cases_answers
import cases_bridging
import cases_captures
import cases_doubt
import cases_forget
import cases_gateway
import cases_guards
import cases_hints
import cases_icmp
import cases_learning
import cases_mappings
import cases_moves
import cases_owners
import cases_ports
import cases_resolution
import cases_verify
import cases_vlans
from casefile import main

TOPICS = [cases_bridging, cases_vlans, cases_learning, cases_moves, cases_mappings, cases_captures,
          cases_gateway, cases_icmp, cases_resolution, cases_answers, cases_owners, cases_ports,
          cases_guards, cases_forget, cases_verify, cases_hints, cases_doubt]

if __name__ == '__main__':
    main([case for topic in TOPICS for case in topic.make()], pathlib.Path(__file__).resolve().parent,
         __doc__.splitlines()[0])
