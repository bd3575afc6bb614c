#!/usr/bin/python3
"""A HasData server on loopback, which sells job data that it makes up for credits that it counts.

    hasdata_server.py [--port=N] [--key-file=FILE] [--log=FILE] [--tls CERT KEY] [--demo] [--seed=N] [--NAME=VALUE...]
    hasdata_server.py --urls=N [--source=indeed|glassdoor] [--kind=KIND] [--seed=N] [--NAME=VALUE...]

Prints "listening on 127.0.0.1:PORT" once it takes calls. --key-file holds the key that calls must bring as x-api-key; one that
does not exist is made (mode 600). --log gets a line of JSON for each paid call that is done. --demo answers as slowly as a real
provider does, is quiet about tests, and says on stderr what was billed. --urls prints N addresses of postings and ends.

Calls, as the provider documents them:

    GET  /scrape/indeed/listing      keyword, location [sort, domain, start]
    GET  /scrape/indeed/job          url
    GET  /scrape/glassdoor/listing   keyword, location [sort, domain, nextPageToken]
    GET  /scrape/glassdoor/job       url
    POST /scrape/web                 {"url", "jsRendering", "proxyType", "outputFormat", ...}
    GET  /user/me/usage

All data follow from --seed: an id always names the same posting, a query always finds the same ones; a keyword chooses among the
professions (one that is none of them is mapped to one of them), a location among the cities ("remote", "" and countries are
understood), "nothing" as a keyword finds nothing. Every address names some posting, also one that no listing had. A posting is
of one kind for good; the settings named so give the share of each:

    good         all calls answer it in full
    dead         400 from every call
    expired      a good answer that says that it has expired, without a description (glassdoor: "expired": true)
    incomplete   the job call has no description; the page has it
    broken       the job call always answers 500; the page has it
    js           the job call has no description, the page without JavaScript neither; the page with JavaScript has it

Prices: indeed/listing, indeed/job, glassdoor/listing, glassdoor/job 5; web 1, web-residential 5, web-js 10, web-js-residential 15.

Billing: a call is billed what its answer costs when the provider's side of it succeeded (200 and "ok"), also when nothing was
found, when the client has gone away meanwhile, or when the way back breaks (the faults marked with *). It is in flight from its
last byte here until the first byte of its answer, also when its client is gone; calls over the limit count in in_flight_max too.

Tests ask and change it while it runs, without a key (tests/lib.sh: hd_state, hd_set, hd_reset, hd_urls):

    GET  /_test/state[?urls=1]       the figures below as JSON
    GET  /_test/urls?count=N&kind=KIND&source=SOURCE&from=N
    POST /_test/set                  lines NAME=VALUE, or a JSON object
    POST /_test/reset[?settings=1]   the counters to zero (calls in flight still count when they end); with settings, these as
                                     they were at the start

Figures: calls, by_endpoint.E.{calls,billed,credits,S}, by_status.S, billed (calls), credits (all that was billed), in_flight,
in_flight_max, sending, gone (clients that left before their answer), refused.{key,budget,concurrency}, faults.NAME, script (what
is left), keys.{right,wrong,missing,elsewhere} (elsewhere: the key in a URL, a body, another header), different (calls by what
they asked for), bought_twice (of them billed more than once), bought_max, usage (calls), connections, connections_max,
elsewhere.{url,host_url,calls,key} (where redirects point: its calls, those that brought the key), last (the last 20 calls),
settings; with urls=1 urls."E WHAT".{calls,billed}, where WHAT is the url asked for, or keyword=K&location=L&..., E an endpoint as
under Prices: each way to get a page is something else that is asked for.

Faults have a name, some an argument in parentheses, and an endpoint before them where they are for this one alone:

    script='500*3 indeed/job=429(2) ok lost'        for the next calls, one each; *N: N of them; ok: none
    faults='500:0.1 truncate:0.02 web=huge(1M):0.5'  with these probabilities, drawn from --seed

    400 401 403 422 429 429(2) 429(date) 500 502 503 504 …    this status; of 429 and 503 with Retry-After: 2, or a date
    error            200 with requestMetadata.status "error"          close, close(reset)   closes at once, unbilled
    redirect, redirect(host), redirect(URL)    302 to another port, another host (127.0.0.2), there
  * slow(5s)         answers so late                                * lost, lost(reset)    closes instead of answering
  * mute             never answers                                  * stall                stops in the middle of the body
  * truncate         closes in the middle of the body               * cut                  the same in a chunked body
  * malformed        half of the JSON, as if it were all            * garbage              bytes that are no JSON
  * utf8             bytes in the strings that are not UTF-8        * empty                no body
  * surrogate        half of a surrogate pair in the strings        * control              escaped control bytes in the strings
  * echo             the key in the strings, in five spellings
  * types            members of other types than they should be     * null                 the JSON text null
  * deep             100,000 brackets in the JSON                   * type                 Content-Type: text/html
  * html             a web page instead                             * endless              a body that never ends
  * huge(100M)       a body of this size                            * gzip                 Content-Encoding: gzip, asked or not
  * slow-body(0.1s)  a byte of the body each 0.1 s                  * slow-headers(0.1s)   of the headers too
  * headers(1M)      headers of this size                           * bomb(100M)           gzip, this size when unpacked
  * chunked          a good answer, chunked                         * drop                 a good answer, then it closes
  * http10           a good answer of HTTP/1.0, ended by closing

Settings, by --NAME=VALUE and by /_test/set (durations in s or with ms, s, m):

"""

import argparse
import asyncio
import base64
import collections
import email.utils
import gzip
import html
import json
import os
import random
import re
import secrets
import socket
import ssl
import struct
import sys
import time
import urllib.parse
import uuid
import zlib

PRICES = {
    "indeed/listing": 5,
    "indeed/job": 5,
    "glassdoor/listing": 5,
    "glassdoor/job": 5,
    "web": 1,
    "web-residential": 5,
    "web-js": 10,
    "web-js-residential": 15,
}
KINDS = ("dead", "expired", "incomplete", "broken", "js")


def duration(text):
    match = re.fullmatch(r"([0-9.]+)(ms|s|m|)", str(text).strip())
    if not match:
        raise ValueError("not a duration")
    return float(match[1]) * {"ms": 0.001, "m": 60}.get(match[2], 1)


def latency(text):
    low, _, high = str(text).partition("-")
    return (duration(low), duration(high or low))


def size(text):
    match = re.fullmatch(r"([0-9]+)([kMG]?)", str(text))
    if not match:
        raise ValueError("not a size")
    return int(match[1]) << {"k": 10, "M": 20, "G": 30}.get(match[2], 0)


def amount(text):
    return None if str(text) in ("", "none") else int(text)


def yes(text):
    return str(text).lower() in ("1", "yes", "true", "on")


def share(text):
    if not 0 <= float(text) <= 1:
        raise ValueError("a share is between 0 and 1")
    return float(text)


def prices(text):
    """ENDPOINT:CREDITS[:PROBABILITY] ..., ENDPOINT * for all."""
    table = {}
    for item in str(text).replace(",", " ").split():
        endpoint, credits, *chance = item.split(":")
        if endpoint not in PRICES and endpoint != "*":
            raise ValueError(f"no endpoint {endpoint}; there are {' '.join(PRICES)}")
        table[endpoint] = (int(credits), float(chance[0]) if chance else 1.0)
    return table


def one_of(*words):
    def read(text):
        if text not in words:
            raise ValueError(f"one of {' '.join(words)}")
        return text

    return read


class Fault:
    names = set(
        "ok error close redirect slow lost mute stall truncate cut malformed garbage utf8 empty deep type html null huge endless "
        "slow-body slow-headers headers gzip bomb chunked http10 drop surrogate control types echo".split()
    )

    def __init__(self, text):
        match = re.fullmatch(r"(?:([a-z/-]+)=)?([a-z0-9-]+)(?:\(([^)]*)\))?", text)
        if not match:
            raise ValueError(f"no fault: {text}")
        self.text = text
        self.endpoint, self.name, self.argument = match.groups()
        self.status = int(self.name) if self.name.isdigit() else 0
        if self.name not in self.names and not 400 <= self.status <= 599:
            raise ValueError(f"no fault of this name: {self.name}")
        if self.argument and self.name in ("slow", "slow-body", "slow-headers"):
            duration(self.argument)
        if self.argument and self.name in ("huge", "headers", "bomb"):
            size(self.argument)
        if self.endpoint and self.endpoint not in {*PRICES, *(e.split("/")[0] for e in PRICES), "listing", "job"}:
            raise ValueError(f"no endpoint {self.endpoint}")

    def fits(self, endpoint):
        return not self.endpoint or endpoint == self.endpoint or self.endpoint in re.split("[/-]", endpoint)


def script(text):
    faults = []
    for item in str(text).split():
        match = re.fullmatch(r"(.*?)(?:\*([0-9]+))?", item)
        faults += [Fault(match[1])] * int(match[2] or 1)
    return faults


def chances(text):
    faults = []
    for item in str(text).split():
        name, _, chance = item.rpartition(":")
        faults.append((Fault(name), share(chance)))
    return faults


SETTINGS = {  # name: (default, reader, text)
    "budget": ("200000", amount, "credits, then 403; none: no end"),
    "spent-elsewhere": ("0", int, "credits spent in other ways, of which only the usage call and the budget know; may be < 0"),
    "concurrency": ("15", int, "calls at once, then 429; 0: they are only counted"),
    "total-concurrency": ("", amount, "what the usage call says about it, when not the same"),
    "retry-after": ("", str, "Retry-After of the 429 beyond concurrency"),
    "price": ("", prices, "ENDPOINT:CREDITS ... published prices, * for all endpoints, where not those above"),
    "actual": ("", prices, "ENDPOINT:CREDITS[:PROBABILITY] ... what is billed instead"),
    "report": ("", str, "where an answer says what was billed: header, field, or both"),
    "report-header": ("X-Credits-Spent", str, "that header"),
    "report-field": ("requestMetadata.creditsSpent", str, "that field"),
    "latency": ("1ms", latency, "until the answer; LOW-HIGH: evenly between"),
    "deadline": ("300s", duration, "an answer later than this is a 504, unbilled"),
    "script": ("", script, "faults of the next calls"),
    "faults": ("", chances, "faults by probability"),
    "job-shape": ("mixed", one_of("flat", "nested", "mixed"), "job answers: flat, under \"job\", or either by id"),
    "web-shape": ("json", one_of("json", "raw"), "web answers: raw is the page itself where one format was asked for"),
    "usage-shape": ("data", one_of("data", "flat", "text"), "usage answers: under data, flat, or with numbers as strings"),
    "next": ("site", one_of("site", "api", "relative", "foreign"), "nextPage: of the job site, of this server, only a path, or elsewhere"),
    "token": ("pagination.nextPageToken", str, "where Glassdoor's next token is"),
    "pages": ("0", int, "pages of each query; 0: 3 to 5"),
    "per-page": ("0", int, "jobs a page; 0: Indeed 15, Glassdoor 30"),
    "circle": ("0", yes, "1: the last page points to the first one"),
    "short": ("0", yes, "1: descriptions of a line"),
    "dead": ("0.03", share, "share of this kind of postings"),
    "expired": ("0.02", share, ""),
    "incomplete": ("0.03", share, ""),
    "broken": ("0.01", share, ""),
    "js": ("0.02", share, ""),
    "now": ("", amount, "the time by which postings have their age, in unix seconds; empty: the real one"),
    "idle": ("60s", duration, "a connection without a call is closed after it"),
}


class Settings:
    def __init__(self):
        self.text, self.value = {}, {}
        for name, (default, _, _) in SETTINGS.items():
            self.set(name, default)

    def set(self, name, text):
        name = name.replace("_", "-")
        if name not in SETTINGS:
            raise ValueError(f"no setting {name}")
        text = "" if text is None else str(int(text) if isinstance(text, bool) else text)
        try:
            value = SETTINGS[name][1](text)
        except ValueError as error:
            raise ValueError(f"{name}={text}: {error}") from error
        self.text[name], self.value[name] = text, value

    def __getitem__(self, name):
        return self.value[name]


# --- What is sold ----------------------------------------------------------------------------------------------------

ROLES = (
    "Software Engineer|Data Engineer|Data Scientist|Backend Developer|Frontend Developer|C++ Developer|C# / .NET Developer|"
    "DevOps Engineer|Site Reliability Engineer|QA Engineer|Machine Learning Engineer|Security Analyst|Database Administrator|"
    "Systems Administrator|Network Engineer|Product Manager|Project Manager|UX Designer|Business Analyst|Technical Writer|"
    "Accountant|Tax Accountant|Payroll Clerk|Financial Analyst|Auditor|Paralegal|Attorney|Nurse|Registered Nurse|"
    "Medical Assistant|Pharmacist|Physical Therapist|Dental Hygienist|Teacher|Mathematics Teacher|Librarian|Truck Driver|"
    "Warehouse Associate|Electrician|Plumber|Welder|HVAC Technician|Mechanical Engineer|Electrical Engineer|Civil Engineer|"
    "Chemical Engineer|Research Scientist|Sales Representative|Account Executive|Marketing Manager|Customer Service Agent|"
    "Cook|Sous Chef|Barista|Retail Associate|Store Manager|Human Resources Manager|Recruiter|Office Manager|R&D Engineer"
).split("|")
CITIES = [
    tuple(city.split("/"))
    for city in (
        "Austin/TX/78701/US|Boston/MA/02108/US|Chicago/IL/60601/US|Denver/CO/80202/US|New York/NY/10001/US|Seattle/WA/98101/US|"
        "San Francisco/CA/94103/US|San José/CA/95110/US|Portland/OR/97201/US|Atlanta/GA/30303/US|Miami/FL/33101/US|"
        "Coeur d'Alene/ID/83814/US|Winston-Salem/NC/27101/US|Montréal/QC//CA|Toronto/ON//CA|London///GB|Zürich///CH|"
        "München///DE|Kraków///PL|東京///JP"
    ).split("|")
]
REGIONS = {"TX": "texas", "MA": "massachusetts", "IL": "illinois", "CO": "colorado", "NY": "york", "WA": "washington",
           "CA": "california", "OR": "oregon", "GA": "georgia", "FL": "florida", "ID": "idaho", "NC": "carolina"}  # fmt: skip
COUNTRIES = {"US": "united states usa us america", "CA": "canada", "GB": "united kingdom uk england", "CH": "switzerland schweiz",
             "DE": "germany deutschland", "PL": "poland polska", "JP": "japan 日本"}  # fmt: skip
MONEY = {"US": "USD", "CA": "CAD", "GB": "GBP", "CH": "CHF", "DE": "EUR", "PL": "PLN", "JP": "JPY"}
COMPANIES = (
    "Acme Corporation|Globex|Initech|Umbrella Health|Stark & Sons, LLC|O'Brien Consulting|Müller GmbH|Société Générale des Eaux|"
    "株式会社サンプル|Wayne Logistics|Hooli|Vandelay Industries|\"Quotes\" Inc.|Back\\slash Labs|Tyrell Systems|Soylent Foods|"
    "Wonka Candy Co.|Cyberdyne|Nakatomi Trading|Oscorp R&D|Pied Piper|Bluth Company|Dunder Mifflin|Łódź Software S.A.|"
    "Ñandú Energía|Cheers 🍺 Hospitality|Tab\tTown|A:B:C Partners|Massive Dynamic|Aperture Science"
).split("|")
LEVELS = "|||Senior |Junior |Lead |Staff |Principal |Sr. |Entry Level |Director, |Intern, |Head of ".split("|")
SUFFIXES = (
    "|||| II| (m/f/d)| – Night Shift| – $5,000 Sign-On Bonus!| 🚀| [Hybrid]| / Lead|, Part-Time| \"A-Team\"| &amp; more|\u2028urgent"
).split("|")
SKILLS = "Python|SQL|C|Linux|Kubernetes|Excel|Communication|AWS|Java|Négociation|Triage|CAD|Welding|QuickBooks|TypeScript|Go".split("|")
BENEFITS = "401(k)|401(k) matching|Dental insurance|Health insurance|Paid time off|Parental leave|Visa sponsorship|Café".split("|")
KINDS_OF_WORK = "Full-time|Part-time|Contract|Temporary|Internship".split("|")
TYPES = {"Contract": "CONTRACTOR", "Internship": "INTERN"}
SETTINGS_OF_WORK = "In-person|Hybrid work|Remote".split("|")
SENTENCES = (
    "You will own the design of {role} work from the first sketch to the day it runs.",
    "We build what people in {city} use every morning.",
    "The team is small, speaks plainly and reviews everything twice.",
    "You have done similar work for at least three years, or can show us why that does not matter.",
    "{company} is an equal opportunity employer; we mean it.",
    "Our stack is boring on purpose: it has to run at night.",
    "Travel is rare (< 10 %) & always paid.",
    "You read specifications before you write code, \u201cjust in case\u201d.",
    "Experience with C:\\Windows paths is a plus; so is a sense of humour.",
    "Wir sprechen Deutsch, Français et un peu d’español — 日本語もOK.",
    "Compensation depends on experience, location & shift.",
    "Applicants must be able to lift 25 lbs (11 kg) and a heavy reading list.",
    "You keep calm when pagers go off, and you write down what happened afterwards.",
    "We offer naïve optimism, a façade of order and real coffee ☕.",
    "Benefits start on day 1;\tno waiting period.",
    "Please mention the word \u201cteapot\u201d in your letter.",
    "You work with product, design and support, and you tell each of them the same story.",
    "The position reports to the head of the {role} group.",
)
# What is asked for in the trades: words that a role has, then what postings of it ask for.
ASKED = [
    (tuple(names.split("/")), asked.split("|"))
    for names, asked in (
        ("Data Engineer/Database", "Python|SQL|Apache Airflow|Apache Spark|dbt|PostgreSQL|Snowflake|data modelling"),
        ("Data Scientist/Machine Learning", "Python|SQL|PyTorch|statistics|scikit-learn|A/B testing|pandas|feature engineering"),
        ("Frontend/UX", "TypeScript|React|CSS|accessibility|Figma|user research|design systems|GraphQL"),
        ("DevOps/Reliability/Systems/Network", "Linux|Kubernetes|Terraform|AWS|Ansible|Prometheus|TCP/IP|incident response"),
        ("Software/Backend/C++/.NET/QA/R&D", "Java|Python|PostgreSQL|REST APIs|Git|Docker|unit testing|microservices"),
        ("Security Analyst", "SIEM|incident response|network security|ISO 27001|vulnerability scanning|Python|firewalls"),
        ("Product Manager/Project Manager/Business Analyst/Technical Writer",
         "roadmaps|stakeholder management|Jira|requirements analysis|agile|Confluence|user stories|budgets"),
        ("Accountant/Payroll/Auditor/Financial", "GAAP|Excel|QuickBooks|general ledger|month-end close|tax returns|reconciliations|CPA"),
        ("Paralegal/Attorney", "legal research|contract drafting|litigation|Westlaw|discovery|bar admission"),
        ("Nurse/Medical/Pharmacist/Therapist/Dental", "patient care|BLS|triage|electronic health records|medication administration|HIPAA"),
        ("Teacher/Librarian", "lesson planning|classroom management|curriculum development|state teaching licence|special education"),
        ("Truck Driver", "CDL-A|Hazmat endorsement|DOT logs|pre-trip inspections|clean driving record|ELD"),
        ("Warehouse", "forklift|RF scanner|picking and packing|inventory counts|OSHA-10|shipping and receiving"),
        ("Electrician", "journeyman licence|NEC|conduit bending|blueprint reading|panel wiring|OSHA-10"),
        ("Plumber/HVAC/Welder", "blueprint reading|EPA 608|MIG welding|TIG welding|pipe fitting|troubleshooting|OSHA-10"),
        ("Mechanical Engineer/Electrical Engineer/Civil Engineer/Chemical Engineer",
         "AutoCAD|SolidWorks|PE licence|FEA|PLC programming|process safety|project estimates"),
        ("Research Scientist", "PCR|experimental design|statistics|R|laboratory safety|technical writing"),
        ("Sales/Account Executive", "Salesforce|cold calling|quota attainment|negotiation|pipeline management|CRM"),
        ("Marketing", "SEO|Google Analytics|content strategy|HubSpot|campaign management|copywriting"),
        ("Cook/Chef/Barista", "food safety|ServSafe|knife skills|menu planning|inventory|espresso"),
        ("Retail/Store", "point of sale|merchandising|cash handling|customer service|inventory|scheduling"),
        ("Human Resources/Recruiter", "recruiting|Workday|onboarding|employee relations|applicant tracking systems|benefits administration"),
    )
]
DEGREES = "", "", "A high school diploma or equivalent.", "An associate degree.", "A bachelor's degree in the field.", "A master's degree is preferred."
NUMBERS = 1 << 39
ODD, MASK64 = 0x9E3779B97F4A7C15, (1 << 64) - 1
INVERSE = pow(ODD, -1, 1 << 64)
ODD39 = 0x2545F4914D | 1
INVERSE39 = pow(ODD39, -1, NUMBERS)


def mixed(number):
    """A 64-bit hash of a number (splitmix64's last steps)."""
    number = (number + ODD) & MASK64
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & MASK64
    return number ^ (number >> 31)


def hashed(text):
    data = text.encode("utf-8", "surrogatepass")
    return mixed(zlib.crc32(data) << 32 | zlib.adler32(data))


def words(text):
    return set(re.findall(r"[\w+#&.]+", text.lower()))


def put(tree, path, value):
    *parents, last = path.split(".")
    for name in parents:
        tree = tree.setdefault(name, {})
    tree[last] = value


class Posting:
    """Everything about the posting with this number, whatever call asks for it."""

    def __init__(self, corpus, source, number):
        self.source, self.number = source, number
        self.hash = mixed(corpus.seed << 41 ^ number << 1 ^ (source == "glassdoor"))
        draw = random.Random(self.hash)
        self.role = ROLES[number % len(ROLES)]
        self.city, self.region, self.zip, self.country = CITIES[number // len(ROLES) % len(CITIES)]
        self.turn = number // len(ROLES) // len(CITIES)
        self.remote = self.turn % 5 == 2
        self.company = draw.choice(COMPANIES)
        self.title = draw.choice(LEVELS) + self.role + draw.choice(SUFFIXES)
        self.work = draw.sample(KINDS_OF_WORK, draw.choice((1, 1, 1, 2)))
        self.setting = "Remote" if self.remote else draw.choice(SETTINGS_OF_WORK[:2])
        self.age = draw.choice((0, 0, 1, 2, 3, 5, 8, 13, 21, 30, 31, 45, 90))
        self.second = draw.randrange(86400)
        self.sponsored = draw.random() < 0.15
        self.skills = draw.sample(SKILLS, 3)
        self.benefits = draw.sample(BENEFITS, draw.randrange(4))
        self.pay = self.drawn_pay(draw) if draw.random() < 0.65 else None
        self.paragraphs = draw.randrange(4, 14)
        place = ", ".join(part for part in (self.city, " ".join(filter(None, (self.region, self.zip)))) if part)
        self.location = f"Remote in {place}" if self.remote and draw.random() < 0.5 else "Remote" if self.remote else place
        self.chance = mixed(self.hash ^ 1) / 2**64  # decides on the kind
        if source == "indeed":
            self.id = f"{number * ODD & MASK64 ^ corpus.mask:016x}"
        else:
            self.id = 10**12 + (number * ODD39 + corpus.mask) % NUMBERS

    @staticmethod
    def drawn_pay(draw):
        period, hours = draw.choice((("YEARLY", 1), ("YEARLY", 1), ("MONTHLY", 12), ("WEEKLY", 52), ("DAILY", 260), ("HOURLY", 2080)))
        low = draw.randrange(32000, 190000, 500) / hours
        high = low * draw.choice((1, 1.15, 1.3, 1.6))
        low, high = (round(x, 2) if period == "HOURLY" else int(x) for x in (low, high))
        sides = draw.choice("both both both min max".split())
        return {"period": period, "min": low if sides != "max" else None, "max": high if sides != "min" else None}

    def kind(self, settings):
        bound = 0.0
        for kind in KINDS:
            bound += settings[kind]
            if self.chance < bound:
                return kind
        return "good"

    def blocks(self, short=False):
        """The description: ("h", text), ("p", text), ("ul", [text])."""
        draw = random.Random(self.hash ^ 2)
        known = {"role": self.role, "city": self.city, "company": self.company}
        if short:
            return [("p", f"{self.role} at {self.company}, {self.city}. Number {self.number}.")]
        sentences = [sentence.format(**known) for sentence in SENTENCES]
        blocks = [("p", f"{self.company} is looking for: {self.title}, {self.location}. Number {self.number}.")]
        for heading in ("About us", "What you’ll do", "Requirements", "Pay & benefits"):
            blocks.append(("h", heading))
            for _ in range(self.paragraphs // 3 + 1):
                blocks.append(("p", " ".join(draw.choices(sentences, k=4))))
            blocks.append(("ul", draw.choices(sentences, k=self.paragraphs // 2 + 2)))
            if heading == "Requirements":
                blocks.append(("ul", self.requirements()))
        return blocks

    def requirements(self):
        draw = random.Random(self.hash ^ 3)
        asked = next((asked for names, asked in ASKED if any(name in self.role for name in names)), ["Excel", "scheduling", "phone etiquette", "filing"])
        asked = draw.sample(asked, min(len(asked), draw.choice((3, 4, 5))))
        low = 0 if re.search("Junior|Entry|Intern", self.title) else 5 if re.search("Senior|Sr|Lead|Staff|Principal|Head|Director", self.title) else 2
        lines = [f"{low + draw.randrange(3)}+ years of experience as a {self.role}" if low else "No experience needed", *asked, draw.choice(DEGREES)]
        return [line for line in lines if line]

    def text(self, short=False):
        parts = []
        for what, content in self.blocks(short):
            parts.append("\n".join("• " + item for item in content) if what == "ul" else content)
        return "\n\n".join(parts)

    def markdown(self, short=False):
        parts = []
        for what, content in self.blocks(short):
            parts.append("\n".join("- " + item for item in content) if what == "ul" else "## " * (what == "h") + content)
        return "\n\n".join(parts)

    def html(self, short=False):
        parts = []
        for what, content in self.blocks(short):
            if what == "ul":
                parts.append("<ul>" + "".join(f"<li>{html.escape(item, quote=False)}</li>" for item in content) + "</ul>")
            else:
                tag = "h2" if what == "h" else "p"
                parts.append(f"<{tag}>{html.escape(content, quote=False)}</{tag}>")
        return '<div id="jobDescriptionText">' + "\n".join(parts) + "</div>"

    def snippet(self):
        return self.blocks()[3][1][:160].rstrip() + "…"

    def posted(self, now):
        """The moment, which agrees with the age in days and is the same all day."""
        day = now // 86400 * 86400
        return min(now, day + self.second % 60) if self.age == 0 else day - self.age * 86400 + self.second

    def url(self, look=""):
        """The posting's address in one of the forms in which listings have it."""
        if self.source == "glassdoor":
            slug = re.sub(r"[^a-z0-9]+", "-", f"{self.role} {self.company}".lower()).strip("-")
            look = f"&{look}" if look else ""
            return f"https://www.glassdoor.com/job-listing/{slug}-JV_IC1147401_KO0,{len(self.role)}.htm?jl={self.id}{look}"
        if look == "ad":
            seed = base64.urlsafe_b64encode(struct.pack(">QQ", self.number, self.hash)).decode().rstrip("=")
            return f"https://www.indeed.com/pagead/clk?mo=r&ad=-6NY{seed}&xkcb=SoDR-{self.hash & 0xFFFFFF:x}&p=0"
        if look == "rc":
            return f"https://www.indeed.com/rc/clk?jk={self.id}&bb={self.hash & 0xFFFFFFFF:x}&xkcb=SoBn67M&vjs=3"
        if look == "vjk":
            return f"https://www.indeed.com/jobs?q={urllib.parse.quote_plus(self.role)}&vjk={self.id}"
        return f"https://www.indeed.com/viewjob?jk={self.id}"

    def usual_url(self):
        if self.source == "glassdoor":
            return self.url()
        return self.url(("", "", "", "", "", "", "rc", "rc", "vjk", "ad")[(self.hash >> 8) % 10])


class Corpus:
    def __init__(self, seed):
        self.seed = seed
        self.mask = mixed(seed)
        self.cache = collections.OrderedDict()
        self.queries = collections.OrderedDict()

    def posting(self, source, number):
        key = (source, number)
        posting = self.cache.get(key)
        if not posting:
            posting = self.cache[key] = Posting(self, source, number)
            if len(self.cache) > 20000:
                self.cache.popitem(last=False)
        return posting

    def by_url(self, url, source=None):
        """The posting at this address: every address has one."""
        parts = urllib.parse.urlsplit(url)
        host = parts.hostname or ""
        source = source or ("glassdoor" if "glassdoor" in host else "indeed")
        query = dict(urllib.parse.parse_qsl(parts.query))
        number = NUMBERS
        if source == "indeed":
            id_ = query.get("jk") or query.get("vjk") or ""
            if re.fullmatch("[0-9a-f]{16}", id_):
                number = (int(id_, 16) ^ self.mask) * INVERSE & MASK64
            elif query.get("ad", "").startswith("-6NY"):
                try:
                    number = struct.unpack(">QQ", base64.urlsafe_b64decode(query["ad"][4:] + "=="))[0]
                except (ValueError, struct.error):
                    pass
        elif re.fullmatch("[0-9]{13}", query.get("jl", "")):
            number = (int(query["jl"]) - 10**12 - self.mask) * INVERSE39 % NUMBERS
        if number >= NUMBERS:
            number = hashed(url) % NUMBERS
        return self.posting(source, number)

    def find(self, source, keyword, location, sort):
        """The numbers that a query finds, without an end: a function from the place in the list."""
        wanted = words(keyword)
        roles = [i for i, role in enumerate(ROLES) if wanted and wanted <= words(role)]
        roles = roles or [i for i, role in enumerate(ROLES) if wanted & words(role)]
        roles = roles or [hashed(keyword.lower()) % len(ROLES)]
        asked = words(location)
        remote = "remote" in asked
        country = max(COUNTRIES, key=lambda name: len(asked & set(COUNTRIES[name].split())))
        for fits in (
            lambda city: words(city[0]) <= asked or city[2] in asked,
            lambda city: {city[1].lower(), REGIONS.get(city[1], "-")} & asked,
            lambda city: city[3] == country and asked & set(COUNTRIES[country].split()),
            lambda city: True,
        ):
            cities = [i for i, city in enumerate(CITIES) if fits(city)]
            if cities:
                break

        def number(place):
            place, role = divmod(place, len(roles))
            turn, city = divmod(place, len(cities))
            return ((turn * 5 + 2 if remote else turn) * len(CITIES) + cities[city]) * len(ROLES) + roles[role]

        return number

    def listing(self, source, query, page, settings):
        """The page's postings as (posting, is a repetition), how many pages, how many in all. Pages count from 0."""
        keyword, location, sort = (query.get(name, "") for name in ("keyword", "location", "sort"))
        if "nothing" in words(keyword):
            return [], 1, 0
        key = (source, keyword, location, sort, query.get("domain", ""), settings["pages"], settings["per-page"])
        if key in self.queries:
            fresh, pages, per_page = self.queries[key]
        else:
            chance = hashed("\0".join(key[:5]))
            per_page = settings["per-page"] or {"indeed": 15, "glassdoor": 30}[source]
            pages = settings["pages"] or 3 + chance % 3
            again = 2 if per_page > 4 else 0
            last = 1 + (chance >> 8) % max(1, per_page - again - 1)
            total = per_page + (per_page - again) * (pages - 2) + last if pages > 1 else per_page
            number = self.find(source, keyword, location, sort)
            fresh = [number(place) for place in range(total)]
            if sort in ("date", "recent"):
                fresh.sort(key=lambda n: self.posting(source, n).age)
            self.queries[key] = fresh, pages, per_page
            if len(self.queries) > 5000:
                self.queries.popitem(last=False)
        again = 2 if per_page > 4 else 0
        if page >= pages or page < 0:
            return [], pages, len(fresh)
        begin = 0 if page == 0 else per_page + (page - 1) * (per_page - again)
        found = [(self.posting(source, n), False) for n in fresh[begin : begin + per_page - (again if page else 0)]]
        if page and again and found:
            before = fresh[max(0, begin - per_page + again) : begin]
            found.insert(0, (self.posting(source, before[1]), True))
            found.insert(len(found) // 2, (self.posting(source, before[-1]), True))
        return found, pages, len(fresh)


def date_words(posting):
    if posting.age == 0:
        return ("Just posted", "Today")[posting.second % 2]
    if posting.age >= 30:
        return "30+ days ago"
    return f"{posting.age} day{'s' if posting.age > 1 else ''} ago"


def iso(seconds, millis):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{millis:03d}Z"


def without_none(tree):
    return {name: value for name, value in tree.items() if value is not None}


def indeed_pay(pay):
    return without_none({"min": pay["min"], "max": pay["max"], "type": pay["period"]})


def glassdoor_pay(posting, currency):
    pay = posting.pay
    period = {"YEARLY": "ANNUAL"}.get(pay["period"], pay["period"])
    both = [x for x in (pay["min"], pay["max"]) if x is not None]
    salary = {
        currency: MONEY[posting.country],
        "period": period,
        "min": pay["min"],
        "median": round(sum(both) / len(both), 2),
        "max": pay["max"],
        "source": ("EMPLOYER_PROVIDED", "GLASSDOOR_ESTIMATED")[posting.hash >> 3 & 1],
    }
    return without_none(salary)


class Seller:
    """Makes the answers of calls that succeed, as objects; knows nothing of money and HTTP."""

    def __init__(self, corpus, settings):
        self.corpus, self.settings = corpus, settings
        self.origin = self.foreign = ""

    def now(self):
        return self.settings["now"] if self.settings["now"] is not None else int(time.time())

    def indeed_listing(self, query):
        per_page = self.settings["per-page"] or 15
        start = query.get("start", "0")
        if not start.isdigit():
            raise Refusal(422, "start must be a number")
        page = int(start) // per_page
        found, pages, total = self.corpus.listing("indeed", query, page, self.settings)
        site = "https://" + (query.get("domain") or "www.indeed.com")
        shown = {"q": query["keyword"], "l": query["location"]}
        if query.get("sort"):
            shown["sort"] = query["sort"]
        if page:
            shown["start"] = page * per_page
        here = f"{site}/jobs?{urllib.parse.urlencode(shown)}"
        answer = {
            "searchInformation": {"totalResults": total, "location": query["location"], "query": query["keyword"]},
            "jobs": [self.indeed_item(posting, repeated) for posting, repeated in found],
            "pagination": {},
        }
        if page + 1 < pages or (self.settings["circle"] and pages > 1):
            shown["start"] = (page + 1) % pages * per_page
            url = f"{site}/jobs?{urllib.parse.urlencode(shown)}"
            if self.settings["next"] == "relative":
                url = url[len(site) :]
            elif self.settings["next"] in ("api", "foreign"):
                origin = self.origin if self.settings["next"] == "api" else self.foreign
                url = f"{origin}/scrape/indeed/listing?" + urllib.parse.urlencode({**query, "start": shown["start"]})
            answer["pagination"]["nextPage"] = url
        return answer, here

    def indeed_item(self, posting, repeated):
        posted = posting.posted(self.now())
        item = {
            "title": posting.title,
            "company": posting.company,
            "location": posting.location,
            "url": posting.url("rc" if repeated else "") if repeated else posting.usual_url(),
            "description": posting.snippet(),
            "sponsored": posting.sponsored or repeated,
            "date": date_words(posting),
            "isoDate": iso(posted, posting.hash % 1000),
            "details": posting.work + [posting.setting],
            "benefits": posting.benefits,
        }
        if posting.hash % 7 == 0:
            del item["isoDate"]
        if posting.hash % 11 == 0:
            del item["benefits"]
        if posting.pay:
            item["salary"] = indeed_pay(posting.pay)
        return item

    def indeed_job(self, posting, kind):
        short = self.settings["short"]
        job = {
            "title": posting.title,
            "company": posting.company,
            "location": posting.location,
            "details": {"jobType": posting.work, "workSetting": [posting.setting]},
            "benefits": posting.benefits,
        }
        if posting.pay:
            job["salary"] = indeed_pay(posting.pay)
        if kind == "expired":
            job["expired"] = True
        elif kind in ("incomplete", "js"):
            job.update(({"description": "", "descriptionHtml": ""}, {"description": None}, {})[posting.hash % 3])
        else:
            job["description"], job["descriptionHtml"] = posting.text(short), posting.html(short)
        return job

    def glassdoor_listing(self, query):
        page = 0
        token = query.get("nextPageToken")
        if token:
            try:
                page, check = base64.urlsafe_b64decode(token + "==").decode().split(":")
                page = int(page)
                if check != str(hashed(query["keyword"] + "\0" + query["location"]) % 100000):
                    raise ValueError
            except (ValueError, UnicodeDecodeError) as error:
                raise Refusal(422, "nextPageToken is not one of this search") from error
        found, pages, total = self.corpus.listing("glassdoor", query, page, self.settings)
        answer = {
            "searchInformation": {"totalResults": total},
            "jobs": [self.glassdoor_item(posting, repeated) for posting, repeated in found],
            "pagination": {"currentPage": page + 1},
        }
        if page + 1 < pages or (self.settings["circle"] and pages > 1):
            check = hashed(query["keyword"] + "\0" + query["location"]) % 100000
            token = base64.urlsafe_b64encode(f"{(page + 1) % pages}:{check}".encode()).decode().rstrip("=")
            put(answer, self.settings["token"], token)
        return answer, f"https://www.glassdoor.com/Job/jobs.htm?sc.keyword={urllib.parse.quote_plus(query['keyword'])}"

    def glassdoor_item(self, posting, repeated):
        item = {
            "title": posting.title,
            "id": posting.id,
            "url": posting.url("src=GD_JOB_AD&ao=" + f"{posting.hash:x}" if repeated or posting.sponsored else ""),
            "location": posting.location,
            "ageInDays": posting.age,
            "skills": posting.skills,
            "description": posting.snippet(),
            "employer": {"id": hashed(posting.company) % 10**7, "name": posting.company, "rating": round(3 + posting.hash % 20 / 10, 1)},
        }
        if posting.pay:
            item["salary"] = glassdoor_pay(posting, "currency")
        return item

    def glassdoor_job(self, posting, kind):
        short = self.settings["short"]
        job = {
            "id": posting.id,
            "title": posting.title,
            "url": posting.url(),
            "location": posting.location,
            "employer": {"id": hashed(posting.company) % 10**7, "name": posting.company},
            "address": {"country": posting.country, "region": posting.region, "city": posting.city},
            "datePosted": time.strftime("%Y-%m-%d", time.gmtime(posting.posted(self.now()))),
            "expired": kind == "expired",
            "requirements": {"skills": posting.skills, "education": [], "experience": {"months": posting.hash % 60}},
        }
        if posting.pay:
            job["salary"] = glassdoor_pay(posting, "payCurrency")
        if kind in ("incomplete", "js"):
            job.update({"description": "", "descriptionHtml": ""} if posting.hash & 8 else {})
        elif kind != "expired":
            job["description"], job["descriptionHtml"] = posting.text(short), posting.html(short)
        return job

    def page(self, posting, kind, rendered):
        """The posting's web page as (html, text, markdown)."""
        short = self.settings["short"]
        title = html.escape(posting.title)
        head = f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title} - {html.escape(posting.company)}</title>\n'
        if kind == "js" and not rendered:
            note = "Please enable JavaScript to see this job."
            page = f'{head}<script>window.app = "</scr" + "ipt>";</script></head>\n'
            page += f'<body><noscript>{note}</noscript><div id="app"></div></body></html>\n'
            return page, note, note
        if kind == "expired":
            note = "This job has expired on the site."
            page = f"{head}</head><body><h1>{title}</h1><p>{note}</p></body></html>\n"
            return page, f"{posting.title}\n\n{note}", f"# {posting.title}\n\n{note}"
        data = self.schema_org(posting)
        crumbs = {"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": []}
        if posting.hash % 3 == 0:
            data = [crumbs, data]
        elif posting.hash % 3 == 1:
            data = {"@context": "https://schema.org", "@graph": [crumbs, data]}
        linked = json.dumps(data, ensure_ascii=posting.hash & 32 != 0).replace("</", "<\\/")
        page = (
            f'{head}<script type="application/ld+json">{linked}</script>\n<script>var x = 1 < 2 && "<b>";</script>\n'
            f"<style>h1 > b {{ color: red }}</style></head>\n<body><nav><a href=\"/\">Home</a></nav><h1>{title}</h1>\n"
            f"{posting.html(short)}\n<footer>© {html.escape(posting.company)} &nbsp;·&nbsp; Terms</footer></body></html>\n"
        )
        text = f"Home\n\n{posting.title}\n\n{posting.text(short)}\n\nTerms"
        return page, text, f"[Home](/)\n\n# {posting.title}\n\n{posting.markdown(short)}\n\nTerms"

    def schema_org(self, posting):
        posted = posting.posted(self.now())
        data = {
            "@context": "https://schema.org",
            "@type": "JobPosting",
            "title": posting.title,
            "description": posting.html(self.settings["short"]),
            "identifier": {"@type": "PropertyValue", "name": posting.company, "value": str(posting.id)},
            "datePosted": time.strftime("%Y-%m-%d", time.gmtime(posted)),
            "validThrough": iso(posted + 60 * 86400, 0),
            "employmentType": [TYPES.get(work, work.upper().replace("-", "_")) for work in posting.work],
            "hiringOrganization": {"@type": "Organization", "name": posting.company},
            "jobLocation": {
                "@type": "Place",
                "address": without_none({
                    "@type": "PostalAddress", "addressLocality": posting.city, "addressRegion": posting.region or None,
                    "postalCode": posting.zip or None, "addressCountry": posting.country,
                }),
            },
        }  # fmt: skip
        if posting.remote:
            data["jobLocationType"] = "TELECOMMUTE"
        if posting.pay:
            unit = {"YEARLY": "YEAR", "MONTHLY": "MONTH", "WEEKLY": "WEEK", "DAILY": "DAY", "HOURLY": "HOUR"}[posting.pay["period"]]
            value = without_none({"minValue": posting.pay["min"], "maxValue": posting.pay["max"]})
            value = {"@type": "QuantitativeValue", **value, "unitText": unit}
            data["baseSalary"] = {"@type": "MonetaryAmount", "currency": MONEY[posting.country], "value": value}
        return data


class Refusal(Exception):
    """What the provider answers instead, unbilled."""

    def __init__(self, status, message, headers=()):
        super().__init__(message)
        self.status, self.message, self.headers = status, message, list(headers)


# --- Who sells it ----------------------------------------------------------------------------------------------------


class Call:
    """A paid call: what it asks for, what becomes of it."""

    __slots__ = ("endpoint", "price_name", "query", "what", "fault", "price", "begun", "admitted", "gone", "status", "billed", "agent")

    def __init__(self, endpoint):
        self.endpoint = self.price_name = endpoint
        self.query, self.what, self.agent = {}, "", ""
        self.fault = None
        self.price = self.billed = 0
        self.begun = time.monotonic()
        self.admitted = self.gone = False
        self.status = 0


class Provider:
    paid = {f"/scrape/{name}": name for name in ("indeed/listing", "indeed/job", "glassdoor/listing", "glassdoor/job", "web")}

    def __init__(self, args, settings):
        self.settings = settings
        self.key = args.key
        self.demo = args.demo
        self.log = open(args.log, "a", encoding="utf-8") if args.log else None
        self.chance = random.Random(args.seed)
        self.corpus = Corpus(args.seed)
        self.seller = Seller(self.corpus, settings)
        self.at_start = dict(settings.text)
        self.script_left = collections.deque(settings["script"])
        self.in_flight = self.running = self.pending = self.sending = self.connections = self.connections_max = 0
        self.elsewhere = {"url": "", "host_url": "", "calls": 0, "key": 0}
        self.reset()

    def reset(self):
        self.calls = self.billed = self.credits = self.gone = self.usage_calls = 0
        self.in_flight_max = self.in_flight
        self.connections_max = self.connections
        self.by_endpoint, self.by_status, self.faults = {}, collections.Counter(), collections.Counter()
        self.refused = {"key": 0, "budget": 0, "concurrency": 0}
        self.keys = {"right": 0, "wrong": 0, "missing": 0, "elsewhere": 0}
        self.urls = {}
        self.bought_twice = self.bought_max = 0
        self.last = collections.deque(maxlen=20)
        self.elsewhere["calls"] = self.elsewhere["key"] = 0

    def set(self, changes):
        """All of the changes or none."""
        tried = Settings()
        for name, text in changes:
            tried.set(name, text)
        for name, text in changes:
            self.settings.set(name, text)
            if name == "script":
                self.script_left = collections.deque(self.settings["script"])

    def state(self, urls):
        state = {
            "calls": self.calls, "billed": self.billed, "credits": self.credits,
            "in_flight": self.in_flight, "in_flight_max": self.in_flight_max, "sending": self.sending, "gone": self.gone,
            "by_endpoint": self.by_endpoint, "by_status": self.by_status, "refused": self.refused, "faults": self.faults,
            "script": [fault.text for fault in self.script_left], "keys": self.keys, "different": len(self.urls),
            "bought_twice": self.bought_twice, "bought_max": self.bought_max, "usage": self.usage_calls,
            "connections": self.connections, "connections_max": self.connections_max, "elsewhere": self.elsewhere,
            "last": list(self.last), "settings": self.settings.text,
        }  # fmt: skip
        if urls:
            state["urls"] = {name: {"calls": calls, "billed": billed} for name, (calls, billed) in self.urls.items()}
        return state

    # The steps of a call: begin, then after its latency finish, which gives the answer's status, headers and body.

    def begin(self, call):
        self.calls += 1
        self.in_flight += 1
        self.in_flight_max = max(self.in_flight_max, self.in_flight)
        seen = self.urls.setdefault(f"{call.price_name} {call.what}", [0, 0])
        seen[0] += 1
        self.endpoint_figures(call)["calls"] += 1

    def endpoint_figures(self, call):
        return self.by_endpoint.setdefault(call.price_name, {"calls": 0, "billed": 0, "credits": 0})

    def choose_fault(self, call):
        for place, fault in enumerate(self.script_left):
            if fault.fits(call.endpoint):
                del self.script_left[place]
                return None if fault.name == "ok" else fault
        for fault, chance in self.settings["faults"]:
            if fault.fits(call.endpoint) and self.chance.random() < chance:
                return fault
        return None

    def admit(self, call, headers, wrong):
        """Takes the call or raises Refusal: `wrong` where it asks for nothing that is sold."""
        given = headers.get("x-api-key")
        if given != self.key:
            self.keys["missing" if given is None else "wrong"] += 1
            self.refused["key"] += 1
            raise Refusal(401, "Invalid API key")
        self.keys["right"] += 1
        if wrong:
            raise wrong
        if self.settings["concurrency"] and self.running >= self.settings["concurrency"]:
            self.refused["concurrency"] += 1
            after = self.settings["retry-after"]
            raise Refusal(429, "Too many concurrent requests", [("Retry-After", after)] if after else [])
        call.price = self.price_of(call.price_name)
        budget = self.settings["budget"]
        if budget is not None and self.credits + self.settings["spent-elsewhere"] + self.pending + call.price > budget:
            self.refused["budget"] += 1
            raise Refusal(403, "Quota exhausted: not enough credits")
        call.admitted = True
        self.running += 1
        self.pending += call.price
        call.fault = self.choose_fault(call)
        if call.fault:
            self.faults[call.fault.name] += 1

    def price_of(self, name):
        for table in ("actual", "price"):
            found = self.settings[table].get(name) or self.settings[table].get("*")
            if found and (found[1] >= 1 or self.chance.random() < found[1]):
                return found[0]
        return PRICES[name]

    def latency_of(self, call):
        low, high = self.settings["latency"]
        if call.fault and call.fault.name == "slow":
            low = high = duration(call.fault.argument or "5s")
        return low if low == high else self.chance.uniform(low, high)

    def work(self, call):
        """What the provider finds: a body as an object, or as text where it is a page. Raises Refusal."""
        fault = call.fault
        if fault and fault.status:
            headers = []
            if fault.argument == "date":
                headers = [("Retry-After", email.utils.formatdate(time.time() + 2, usegmt=True))]
            elif fault.argument:
                headers = [("Retry-After", fault.argument)]
            raise Refusal(fault.status, "Fault as ordered", headers)
        if fault and fault.name == "error":
            raise Refusal(200, "Something went wrong")
        if fault and fault.name == "redirect":
            target = fault.argument or "port"
            target = {"port": self.elsewhere["url"], "host": self.elsewhere["host_url"]}.get(target, target)
            raise Refusal(302, "Moved", [("Location", target)])
        query = call.query
        if call.endpoint.endswith("/listing"):
            if call.endpoint == "indeed/listing":
                answer, url = self.seller.indeed_listing(query)
            else:
                answer, url = self.seller.glassdoor_listing(query)
            return self.with_metadata(answer, url)
        source = call.endpoint.split("/")[0] if call.endpoint != "web" else None
        posting = self.corpus.by_url(query["url"], source)
        kind = posting.kind(self.settings)
        if kind == "dead":
            raise Refusal(400, "Job posting is not available")
        if source:
            if kind == "broken":
                raise Refusal(500, "Failed to scrape the page")
            job = (self.seller.indeed_job if source == "indeed" else self.seller.glassdoor_job)(posting, kind)
            shape = self.settings["job-shape"]
            flat = shape == "flat" or (shape == "mixed" and source == "indeed" and posting.hash & 4)
            return self.with_metadata(job if flat else {"job": job}, query["url"])
        return self.web_answer(query, posting, kind)

    @staticmethod
    def with_metadata(answer, url):
        return {"requestMetadata": {"id": str(uuid.uuid4()), "status": "ok", "url": url}, **answer}

    def web_answer(self, query, posting, kind):
        page, text, markdown = self.seller.page(posting, kind, query.get("jsRendering", True))
        formats = query.get("outputFormat") or ["html"]
        if isinstance(formats, str):
            formats = [formats]
        if self.settings["web-shape"] == "raw" and len(formats) == 1 and formats[0] != "json":
            return {"html": page, "text": text, "markdown": markdown}[formats[0]]
        answer = {"headers": {"content-type": "text/html; charset=utf-8"}, "statusCode": 200}
        if "html" in formats or formats == ["json"]:
            answer["content"] = page
        if "text" in formats:
            answer["text"] = text
        if "markdown" in formats:
            answer["markdown"] = markdown
        if query.get("screenshot", True):
            answer["screenshot"] = f"https://files.example.invalid/{posting.hash:x}.jpeg"
        if query.get("extractRules"):
            answer["extractedData"] = {name: None for name in query["extractRules"]}
        return self.with_metadata(answer, query["url"])

    def finish(self, call, late=False):
        """The answer: (status, headers, body). The call has left the provider then, and was billed when it succeeded."""
        headers = []
        try:
            if late:
                raise Refusal(504, "The provider's deadline has passed")
            answer = self.work(call)
            status = 200
            self.bill(call)
            body, kind = self.reported(call, answer, headers)
        except Refusal as refusal:
            status, body, kind = self.refusal_answer(refusal, headers)
        self.leave(call, status)
        return status, [("Content-Type", kind)] + headers, body

    def bill(self, call):
        call.billed = call.price
        self.billed += 1
        self.credits += call.price
        figures = self.endpoint_figures(call)
        figures["billed"] += 1
        figures["credits"] += call.price
        # After a reset the call may be unknown.
        seen = self.urls.setdefault(f"{call.price_name} {call.what}", [0, 0])
        seen[1] += 1
        self.bought_twice += seen[1] == 2
        self.bought_max = max(self.bought_max, seen[1])

    def reported(self, call, answer, headers):
        report = self.settings["report"]
        if "header" in report:
            headers.append((self.settings["report-header"], str(call.price)))
        if isinstance(answer, str):
            return answer.encode(), "text/html; charset=utf-8"
        if "field" in report:
            put(answer, self.settings["report-field"], call.price)
        # Some serialisers escape all that is not ASCII, some do not.
        return json.dumps(answer, ensure_ascii=hashed(call.what) % 3 == 0).encode(), "application/json; charset=utf-8"

    def refusal_answer(self, refusal, headers):
        headers += refusal.headers
        status, text = refusal.status, refusal.message
        if status == 422:
            body = {"status": "error", "message": text, "errors": [{"field": text.split()[0], "message": text}]}
        elif status in (401, 403, 429):
            body = {"message": text}
        elif status in (502, 504):
            return status, f"<html><body><h1>{status} {text}</h1></body></html>\n".encode(), "text/html"
        else:
            body = {"requestMetadata": {"id": str(uuid.uuid4()), "status": "error"}, "status": "error", "error": text}
        return status, json.dumps(body).encode(), "application/json; charset=utf-8"

    def leave(self, call, status):
        call.status = status
        self.in_flight -= 1
        if call.admitted:
            self.running -= 1
            self.pending -= call.price
        if call.gone:
            self.gone += 1
        self.by_status[str(status)] += 1
        figures = self.endpoint_figures(call)
        figures[str(status)] = figures.get(str(status), 0) + 1
        entry = {
            "time": round(time.time(), 6), "endpoint": call.price_name, "what": call.what, "status": status, "billed": call.billed,
            "ms": round((time.monotonic() - call.begun) * 1000, 3), "fault": call.fault.text if call.fault else None,
            "gone": call.gone, "in_flight": self.in_flight + 1, "agent": call.agent,
        }  # fmt: skip
        if call.endpoint == "web":
            entry["body"] = call.query
        self.last.append(entry)
        if self.log:
            self.log.write(json.dumps(entry) + "\n")
            self.log.flush()
        if self.demo:
            print(f"{call.price_name} {call.what[:90]} -> {status}, {call.billed} credits ({self.credits} in all)", file=sys.stderr)

    def usage(self, headers):
        self.usage_calls += 1
        if headers.get("x-api-key") != self.key:
            raise Refusal(401, "Invalid API key")
        budget = self.settings["budget"]
        total = 10**9 if budget is None else budget
        used = self.credits + self.settings["spent-elsewhere"]
        concurrency = self.settings["total-concurrency"]
        data = {
            "totalCredits": total,
            "usedCredits": used,
            "availableCredits": max(0, total - used),
            "totalConcurrency": self.settings["concurrency"] if concurrency is None else concurrency,
            "availableConcurrency": max(0, self.settings["concurrency"] - self.running),
        }
        if self.settings["usage-shape"] == "text":
            data = {name: str(value) for name, value in data.items()}
        return {"status": "ok", **data} if self.settings["usage-shape"] == "flat" else {"status": "ok", "data": data}

    def read_query(self, call, method, query, body):
        """Fills in what the call asks for. Raises Refusal."""
        call.query = query
        if call.endpoint != "web":
            call.what = query["url"] if "url" in query else urllib.parse.urlencode(sorted(query.items()))
            if method != "GET":
                raise Refusal(405, "GET only")
            for name in ("keyword", "location") if call.endpoint.endswith("listing") else ("url",):
                if name not in query:
                    raise Refusal(422, f"{name} is required")
            self.check_url(query)
            return
        if method != "POST":
            raise Refusal(405, "POST only")
        try:
            call.query = json.loads(body)
            if not isinstance(call.query, dict):
                raise ValueError
        except ValueError as error:
            raise Refusal(400, "The body is not a JSON object") from error
        query = call.query
        call.what = str(query.get("url", ""))
        call.price_name += "-js" * bool(query.get("jsRendering", True)) + "-residential" * (query.get("proxyType") == "residential")
        if "url" not in query:
            raise Refusal(422, "url is required")
        if query.get("proxyType", "datacenter") not in ("datacenter", "residential"):
            raise Refusal(422, "proxyType must be datacenter or residential")
        formats = query.get("outputFormat") or []
        if not set([formats] if isinstance(formats, str) else formats) <= {"html", "text", "markdown", "json"}:
            raise Refusal(422, "outputFormat must be of html, text, markdown, json")
        self.check_url(query)

    @staticmethod
    def check_url(query):
        if "url" in query and not re.match("https?://[^/]", str(query["url"])):
            raise Refusal(422, "url must be an address of the web")


# --- HTTP ------------------------------------------------------------------------------------------------------------

REASONS = {200: "OK", 302: "Found", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
           405: "Method Not Allowed", 422: "Unprocessable Entity", 429: "Too Many Requests", 500: "Internal Server Error",
           502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}  # fmt: skip
LONGEST_HEAD, LONGEST_BODY = 1 << 20, 16 << 20


class Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive: one call at a time, later ones wait in the buffer."""

    def __init__(self, provider):
        self.provider = provider
        self.loop = asyncio.get_running_loop()
        self.transport = self.call = self.sender = None
        self.buffer = bytearray()
        self.busy = self.continued = False
        self.keep = True
        self.room = asyncio.Event()
        self.room.set()
        self.heard = 0.0

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.provider.connections += 1
        self.provider.connections_max = max(self.provider.connections_max, self.provider.connections)
        self.heard = self.loop.time()
        self.watch()

    def watch(self):
        """Closes the connection when it has been idle for too long."""
        idle = self.provider.settings["idle"]
        if self.transport.is_closing():
            return
        left = idle if self.busy else self.heard + idle - self.loop.time()
        if left <= 0:
            self.transport.close()
        else:
            self.loop.call_later(min(left, 5), self.watch)

    def connection_lost(self, _):
        self.provider.connections -= 1
        if self.call:
            self.call.gone = True
        if self.sender:
            self.sender.cancel()
        self.room.set()

    def eof_received(self):
        # No HTTP client closes one side only: this one is gone.
        return False

    def pause_writing(self):
        self.room.clear()

    def resume_writing(self):
        self.room.set()

    def data_received(self, data):
        self.buffer += data
        self.heard = self.loop.time()
        if not self.busy:
            self.next_call()

    def next_call(self):
        """Reads a call when all of it is there."""
        buffer = self.buffer
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(buffer) > LONGEST_HEAD:
                self.transport.close()
            return
        lines = bytes(buffer[:end]).decode("latin-1").split("\r\n")
        try:
            method, target, version = lines[0].split(" ")
            headers = {}
            for line in lines[1:]:
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            body, after = self.body(headers, end + 4)
        except ValueError:
            self.transport.close()
            return
        if body is None:
            if headers.get("expect", "").lower() == "100-continue" and not self.continued:
                self.continued = True
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return
        del buffer[:after]
        self.continued = False
        self.busy = True
        wish = headers.get("connection", "").lower()
        self.keep = "close" not in wish and (version == "HTTP/1.1" or "keep-alive" in wish)
        self.take(method, target, headers, body)

    def body(self, headers, begin):
        """The body and the place behind it; None while it is not all there."""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body, place = b"", begin
            while True:
                line = self.buffer.find(b"\r\n", place)
                if line < 0:
                    return None, 0
                length = int(bytes(self.buffer[place:line]).split(b";")[0], 16)
                if len(self.buffer) < line + 2 + length + 2:
                    return None, 0
                if length == 0:
                    return body, line + 4
                body += self.buffer[line + 2 : line + 2 + length]
                place = line + 2 + length + 2
        length = int(headers.get("content-length", 0))
        if not 0 <= length <= LONGEST_BODY:
            raise ValueError("length")
        if len(self.buffer) < begin + length:
            return None, 0
        return bytes(self.buffer[begin : begin + length]), begin + length

    def take(self, method, target, headers, body):
        provider = self.provider
        path, _, query = target.partition("?")
        query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        if path.startswith("/_test/"):
            self.answer(*admin(provider, method, path, query, body))
            return
        if method not in ("GET", "POST"):
            self.keep = False
            self.answer(405, [], b"")
            return
        others = (value for name, value in headers.items() if name != "x-api-key")
        if provider.key.encode() in body or any(provider.key in text for text in (target, *others)):
            provider.keys["elsewhere"] += 1
        endpoint = provider.paid.get(path)
        if not endpoint:
            self.free_call(path, headers)
            return
        call = self.call = Call(endpoint)
        call.agent = headers.get("user-agent", "")
        refusal = None
        try:
            provider.read_query(call, method, query, body)
        except Refusal as error:
            refusal = error
        provider.begin(call)
        try:
            provider.admit(call, headers, refusal)
        except Refusal as error:
            headers_out = []
            status, data, kind = provider.refusal_answer(error, headers_out)
            provider.leave(call, status)
            self.send(call, status, [("Content-Type", kind)] + headers_out, data)
            return
        if call.fault and call.fault.name == "close":
            provider.leave(call, "closed")
            self.hang_up(call.fault.argument == "reset")
            return
        delay, deadline = provider.latency_of(call), provider.settings["deadline"]
        if min(delay, deadline) <= 0:
            self.finish(call, delay > deadline)
        else:
            self.loop.call_later(min(delay, deadline), self.finish, call, delay > deadline)

    def free_call(self, path, headers):
        provider = self.provider
        try:
            if path != "/user/me/usage":
                raise Refusal(404, "Not found")
            status, body, kind, more = 200, json.dumps(provider.usage(headers)).encode(), "application/json; charset=utf-8", []
        except Refusal as refusal:
            more = []
            status, body, kind = provider.refusal_answer(refusal, more)
        self.answer(status, [("Content-Type", kind)] + more, body)

    def finish(self, call, late):
        self.send(call, *self.provider.finish(call, late))

    def send(self, call, status, headers, body):
        """Writes the answer as the call's fault wants it."""
        fault = call.fault
        self.call = None
        if self.transport.is_closing():
            return
        misdeed = fault and status == 200 and MISDEEDS.get(fault.name)
        if misdeed:
            self.provider.sending += 1
            self.sender = self.loop.create_task(self.misbehave(misdeed, fault, status, headers, body))
        else:
            self.answer(status, headers, body)

    async def misbehave(self, misdeed, fault, status, headers, body):
        try:
            await misdeed(self, fault, status, headers, body)
        except (asyncio.CancelledError, ConnectionError):
            pass
        finally:
            self.sender = None
            self.provider.sending -= 1

    def head(self, status, headers, length):
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Unknown')}", "Server: hasdata_server"]
        lines += [f"{name}: {value}" for name, value in headers]
        if length is not None:
            lines.append(f"Content-Length: {length}")
        lines.append("Connection: " + ("keep-alive" if self.keep else "close"))
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def answer(self, status, headers, body):
        self.transport.write(self.head(status, headers, len(body)) + body)
        self.done()

    def done(self):
        """The answer is out: the next call may come."""
        self.busy = False
        self.heard = self.loop.time()
        if not self.keep:
            self.transport.close()
        elif self.buffer and not self.transport.is_closing():
            self.loop.call_soon(self.again)

    def again(self):
        if not self.busy and not self.transport.is_closing():
            self.next_call()

    def hang_up(self, reset=False):
        self.call = None
        if reset:
            peer = self.transport.get_extra_info("socket")
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        else:
            self.transport.close()

    async def flow(self, data):
        """Writes when the client reads; ends the task when it is gone."""
        await self.room.wait()
        if self.transport.is_closing():
            raise ConnectionError
        self.transport.write(data)

    async def forever(self):
        while not self.transport.is_closing():
            await asyncio.sleep(0.05)


# --- What breaks on the way back -------------------------------------------------------------------------------------


async def lost(connection, fault, *_):
    connection.hang_up(fault.argument == "reset")


async def mute(connection, *_):
    await connection.forever()


async def stall(connection, _, status, headers, body):
    await connection.flow(connection.head(status, headers, len(body)) + body[: len(body) // 2])
    await connection.forever()


async def truncate(connection, _, status, headers, body):
    await connection.flow(connection.head(status, headers, len(body)) + body[: len(body) // 2])
    connection.hang_up()


def chunk(data):
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


async def cut(connection, _, status, headers, body):
    head = connection.head(status, headers + [("Transfer-Encoding", "chunked")], None)
    await connection.flow(head + chunk(body[: len(body) // 3]) + chunk(body)[: len(body) // 3])
    connection.hang_up()


async def chunked(connection, _, status, headers, body):
    data = connection.head(status, headers + [("Transfer-Encoding", "chunked")], None)
    for begin in range(0, len(body), 1000):
        data += chunk(body[begin : begin + 1000])
    await connection.flow(data + b"0\r\n\r\n")
    connection.done()


async def http10(connection, _, status, headers, body):
    connection.keep = False
    await connection.flow(connection.head(status, headers, None).replace(b"HTTP/1.1", b"HTTP/1.0", 1) + body)
    connection.hang_up()


async def drop(connection, _, status, headers, body):
    await connection.flow(connection.head(status, headers, len(body)) + body)
    connection.hang_up()


def another_body(make):
    async def misdeed(connection, fault, status, headers, body):
        headers, body = make(connection, headers, body)
        connection.answer(status, headers, body)

    return misdeed


def typed(headers, kind):
    return [(name, kind if name == "Content-Type" else value) for name, value in headers]


def in_strings(more):
    """Where a member's value begins with a quote; not in requestMetadata, which has to say "ok" still."""

    def change(_, headers, body):
        begin = body.find(b"}") if b"requestMetadata" in body[:40] else 0
        return headers, body[:begin] + body[begin:].replace(b': "', b': "' + more)

    return another_body(change)


def retyped(tree):
    if isinstance(tree, dict):
        return {name: value if name == "requestMetadata" else retyped(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [retyped(value) for value in tree] + [None, "text", 7]
    return {str: [tree], bool: "yes", type(None): {}}.get(type(tree), str(tree))


def other_types(_, headers, body):
    return headers, json.dumps(retyped(json.loads(body))).encode()


def deep(_, headers, body):
    return headers, body.rstrip()[:-1] + b', "deep": ' + b"[" * 100000 + b"]" * 100000 + b"}"


async def huge(connection, fault, status, headers, body):
    length = size(fault.argument or "100M")
    begin = body.rstrip()[:-1] + b', "filling": "'
    await connection.flow(connection.head(status, headers, max(length, len(begin) + 2)) + begin)
    left, block = max(length - len(begin) - 2, 0), b"x" * 65536
    while left:
        part = block[:left]
        await connection.flow(part)
        left -= len(part)
        await asyncio.sleep(0)
    await connection.flow(b'"}')
    connection.done()


async def endless(connection, _, status, headers, body):
    head = connection.head(status, headers + [("Transfer-Encoding", "chunked")], None)
    await connection.flow(head + chunk(body.rstrip()[:-1] + b', "filling": "'))
    while True:
        await connection.flow(chunk(b"x" * 65536))
        await asyncio.sleep(0)


async def drip(connection, data, pause):
    for place in range(len(data)):
        await connection.flow(data[place : place + 1])
        await asyncio.sleep(pause)


async def echo(connection, fault, status, headers, body):
    key = connection.provider.key
    spellings = [
        key,
        "".join("\\u%04X" % ord(c) for c in key),
        "".join("%%%02x" % ord(c) for c in key),
        "".join("&#%d;" % ord(c) for c in key),
        "".join("&#x%X;" % ord(c) for c in key),
    ]
    await in_strings(" ".join(spellings).encode())(connection, fault, status, headers, body)


async def slow_body(connection, fault, status, headers, body):
    await connection.flow(connection.head(status, headers, len(body)))
    await drip(connection, body, duration(fault.argument or "0.1s"))
    connection.done()


async def slow_headers(connection, fault, status, headers, body):
    await drip(connection, connection.head(status, headers, len(body)) + body, duration(fault.argument or "0.1s"))
    connection.done()


async def long_headers(connection, fault, status, headers, body):
    length = size(fault.argument or "1M")
    more = [(f"X-Filling-{n}", "x" * 1000) for n in range(max(1, length // 1016))]
    await connection.flow(connection.head(status, headers + more, len(body)) + body)
    connection.done()


async def bomb(connection, fault, status, headers, body):
    length = size(fault.argument or "100M")
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = packer.compress(body.rstrip()[:-1] + b', "filling": "')
    block = b"x" * (1 << 20)
    for _ in range(length >> 20):
        data += packer.compress(block)
        await asyncio.sleep(0)
    data += packer.compress(b'"}') + packer.flush()
    connection.answer(status, headers + [("Content-Encoding", "gzip")], data)


MISDEEDS = {
    "lost": lost, "mute": mute, "stall": stall, "truncate": truncate, "cut": cut, "chunked": chunked, "http10": http10, "drop": drop,
    "malformed": another_body(lambda _, headers, body: (headers, body[: len(body) // 2])),
    "garbage": another_body(lambda _, headers, body: (headers, b"\x00\x01{]\"" + body[:20])),
    "utf8": in_strings(b"\xff\xc0\x80\xed\xa0\x80"),
    "surrogate": in_strings(b"\\ud83d"),
    "control": in_strings(b"\\u0000\\u001b]0;title\\u0007\\u001b[31m"),
    "types": another_body(other_types),
    "echo": echo,
    "empty": another_body(lambda _, headers, body: (headers, b"")),
    "null": another_body(lambda _, headers, body: (headers, b"null")),
    "deep": another_body(deep),
    "type": another_body(lambda _, headers, body: (typed(headers, "text/html"), body)),
    "html": another_body(lambda _, headers, body: (typed(headers, "text/html"), b"<html><body>Please log in.</body></html>")),
    "gzip": another_body(lambda _, headers, body: (headers + [("Content-Encoding", "gzip")], gzip.compress(body))),
    "huge": huge, "endless": endless, "slow-body": slow_body, "slow-headers": slow_headers, "headers": long_headers, "bomb": bomb,
}  # fmt: skip


class Elsewhere(asyncio.Protocol):
    """Where redirects point: answers as the provider would, remembers who came and whether they brought the key."""

    def __init__(self, provider):
        self.provider = provider
        self.buffer = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        if b"\r\n\r\n" not in self.buffer:
            return
        self.provider.elsewhere["calls"] += 1
        self.provider.elsewhere["key"] += self.provider.key.encode() in self.buffer
        body = json.dumps(Provider.with_metadata({"jobs": [], "job": {"title": "stolen", "description": "stolen"}}, "")).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        self.transport.write(head % len(body) + body)
        self.transport.close()


# --- For tests -------------------------------------------------------------------------------------------------------


def some_urls(corpus, settings, count, source, kind, begin=0):
    """Addresses of postings, of one kind or of any, from the one with this number on."""
    urls, number = [], begin
    while len(urls) < count and number < NUMBERS and number - begin < 1000 * count + 10000:
        posting = corpus.posting(source, number)
        if not kind or posting.kind(settings) == kind:
            urls.append(posting.url())
        number += 1
    return urls


def admin(provider, method, path, query, body):
    text = [("Content-Type", "text/plain; charset=utf-8")]
    what = path.split("/")[2]
    try:
        if what == "state":
            data = json.dumps(provider.state("urls" in query)) + "\n"
            return 200, [("Content-Type", "application/json")], data.encode()
        if what == "urls":
            count, begin, source = int(query.get("count", 10)), int(query.get("from", 0)), query.get("source", "indeed")
            urls = some_urls(provider.corpus, provider.settings, count, source, query.get("kind"), begin)
            return 200, text, ("\n".join(urls) + "\n").encode()
        if what == "set" and method == "POST":
            if body.lstrip().startswith(b"{"):
                changes = list(json.loads(body).items())
            else:
                changes = [line.partition("=")[::2] for line in body.decode().splitlines() if line]
            provider.set(changes)
        elif what == "reset" and method == "POST":
            provider.reset()
            if "settings" in query:
                provider.set(list(provider.at_start.items()))
        else:
            return 404, text, b"no such thing to ask or to do\n"
    except (ValueError, KeyError) as error:
        return 400, text, f"{error}\n".encode()
    return 200, text, b"done\n"


def read_key(args):
    if not args.key_file:
        return secrets.token_hex(16)
    try:
        with open(args.key_file, encoding="ascii") as file:
            key = file.read().strip()
        if not key:
            raise ValueError(f"{args.key_file} is empty")
        return key
    except FileNotFoundError:
        key = secrets.token_hex(16)
        with open(os.open(args.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(key + "\n")
        return key


def help_text():
    width = max(len(name) for name in SETTINGS) + 2
    lines = []
    for name, (default, _, text) in SETTINGS.items():
        lines.append(f"    {name:<{width}}{text or 'the same'}{f' [{default}]' if default else ''}")
    return __doc__ + "\n".join(lines) + "\n"


async def serve(args, settings):
    provider = Provider(args, settings)
    loop = asyncio.get_running_loop()
    secure = None
    if args.tls:
        secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        secure.load_cert_chain(*args.tls)
    server = await loop.create_server(lambda: Connection(provider), "127.0.0.1", args.port, backlog=1024, ssl=secure)
    port = server.sockets[0].getsockname()[1]
    provider.seller.origin = f"http{'s' if secure else ''}://127.0.0.1:{port}"
    for name, host in (("url", "127.0.0.1"), ("host_url", "127.0.0.2")):
        away = await loop.create_server(lambda: Elsewhere(provider), host, 0)
        provider.elsewhere[name] = f"http://{host}:{away.sockets[0].getsockname()[1]}/scrape/indeed/job"
    provider.seller.foreign = provider.elsewhere["host_url"].removesuffix("/scrape/indeed/job")
    print(f"listening on 127.0.0.1:{port}", flush=True)
    if args.demo and not args.key_file:
        print(f"key: {provider.key}", flush=True)
    await server.serve_forever()


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key-file")
    parser.add_argument("--log")
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--urls", type=int)
    parser.add_argument("--source", choices=("indeed", "glassdoor"), default="indeed")
    parser.add_argument("--kind", choices=("good", *KINDS))
    for name in SETTINGS:
        parser.add_argument(f"--{name}", dest="set " + name)
    args = parser.parse_args()
    if args.help:
        print(help_text(), end="")
        return 0
    settings = Settings()
    try:
        if args.demo:
            settings.set("latency", "300ms-900ms")
        for name, value in vars(args).items():
            if name.startswith("set ") and value is not None:
                settings.set(name[4:], value)
        args.key = read_key(args)
    except (ValueError, OSError) as error:
        print(f"hasdata_server.py: {error}", file=sys.stderr)
        return 64
    if args.urls is not None:
        print("\n".join(some_urls(Corpus(args.seed), settings, args.urls, args.source, args.kind)))
        return 0
    try:
        asyncio.run(serve(args, settings))
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
