"""What the quality measure is made of: the set, the rankers that are compared, the buying of full texts."""

import base64
import datetime
import importlib.machinery
import importlib.util
import json
import math
import os
import random
import re
import struct
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
NOW = datetime.datetime(2026, 1, 1, 12)  # the day of the set, as in make
TIMES = ("posted_at", "first_seen_at", "last_seen_at", "enriched_at")
BUYS = (0, 20, 50, 100)  # full texts for each profile


def load_score():
    loader = importlib.machinery.SourceFileLoader("quality_score", os.path.join(HERE, "score"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


score = load_score()


class Failed(Exception):
    """A program that should rank has not."""


def lines_of(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def moved(line, by):
    """The line with its times moved to today: matches are asked for what is fresh."""
    for name in TIMES:
        if name in line:
            then = datetime.datetime.strptime(line[name], "%Y-%m-%dT%H:%M:%SZ") + by
            line[name] = then.strftime("%Y-%m-%dT%H:%M:%SZ")
    return line


class Set:
    """Profiles, listings, full texts, grades."""

    def __init__(self):
        by = datetime.datetime.utcnow().replace(microsecond=0) - NOW
        self.profiles = lines_of("profiles.jsonl")
        self.jobs = [moved(job, by) for job in lines_of("jobs.jsonl")]
        self.full = {job["id"]: moved(job, by) for job in lines_of("full.jsonl")}
        self.grades = score.read_grades(os.path.join(HERE, "grades.tsv"))
        self.parts = {name: score.read_part(os.path.join(HERE, "split.tsv"), name) for name in ("dev", "held-out")}
        self.by_id = {job["id"]: job for job in self.jobs}

    def enriched(self, bought):
        """All job lines, those in BOUGHT with what the full posting says."""
        return [{**job, **self.full[job["id"]]} if job["id"] in bought else job for job in self.jobs]


# --- Baselines --------------------------------------------------------------------------------------------------------

STOP = set(
    "a an and are as at be by for from has have he her i in is it its me my of on or our she that the their they this to was we were who will "
    "with you your not no do der die das und in zu mit für ein eine im von de la el y en con para los las un una".split()
)


def words(text):
    return [w for w in re.findall(r"[^\W_]+(?:[#+]+)?", text.lower()) if w not in STOP]


def profile_text(profile):
    """All that a person says, the label and the skills twice."""
    if "text" in profile:
        return profile["text"]
    parts = [profile["basics"].get(n, "") for n in ("label", "label", "summary")]
    parts.append(profile["basics"].get("location", {}).get("city", ""))
    for work in profile.get("work", ()):
        parts += [work.get("position", ""), work.get("summary", "")] + work.get("highlights", [])
    for skill in profile.get("skills", ()):
        parts += 2 * ([skill["name"]] + skill.get("keywords", []))
    parts += [e.get("area", "") + " " + e.get("studyType", "") for e in profile.get("education", ())]
    return " ".join(parts)


def job_text(job):
    return " ".join([job["title"], job["title"], job["company"], job.get("location", ""), job.get("snippet", ""), job.get("description", "")])


class BM25:
    name = "BM25"
    k1, b = 1.2, 0.75

    def rank(self, profile, jobs):
        docs = [words(job_text(job)) for job in jobs]
        mean = sum(map(len, docs)) / len(docs)
        counts, spread = [], {}
        for doc in docs:
            count = {}
            for w in doc:
                count[w] = count.get(w, 0) + 1
            counts.append(count)
            for w in count:
                spread[w] = spread.get(w, 0) + 1
        asked = {}
        for w in words(profile_text(profile)):
            asked[w] = asked.get(w, 0) + 1
        scores = []
        for doc, count in zip(docs, counts):
            norm = self.k1 * (1 - self.b + self.b * len(doc) / mean)
            total = 0.0
            for w, n in asked.items():
                if w in count:
                    idf = math.log(1 + (len(docs) - spread[w] + 0.5) / (spread[w] + 0.5))
                    total += (1 + math.log(n)) * idf * count[w] * (self.k1 + 1) / (count[w] + norm)
            scores.append(total)
        order = sorted(range(len(jobs)), key=lambda i: (-scores[i], i))
        return [jobs[i]["id"] for i in order]


class Chance:
    name = "random order"

    def rank(self, profile, jobs):
        ids = [job["id"] for job in jobs]
        random.Random(profile["id"]).shuffle(ids)
        return ids


# --- The programs -----------------------------------------------------------------------------------------------------


def run(command, stdin=None):
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failed("%s: status %d: %s" % (" ".join(command), done.returncode, done.stderr[-500:]))
    return done.stdout


def jsonl(values):
    return "".join(json.dumps(v, ensure_ascii=False) + "\n" for v in values)


class Cosine:
    """The vectors of job-embed alone; a profile is embedded as a listing of its own."""

    name = "hash vectors"

    def __init__(self, *options):
        self.options = options
        self.known = {}

    def vectors(self, jobs, full):
        told = run(["job-embed", *(["--full"] if full else []), *self.options], jsonl(jobs))
        found = {}
        for line in told.splitlines():
            job = json.loads(line)
            data = base64.b64decode(job["embedding"]["data"])
            found[job["id"]] = struct.unpack("<%df" % (len(data) // 4), data)
        return found

    def rank(self, profile, jobs):
        # A line is embedded once in each form.
        for full in (False, True):
            fresh = [j for j in jobs if ("description" in j) == full and (j["id"], full) not in self.known]
            if fresh:
                self.known.update(((i, full), v) for i, v in self.vectors(fresh, full).items())
        me = {"id": profile["id"], "title": profile.get("basics", {}).get("label", ""), "company": "", "snippet": profile_text(profile)}
        mine = self.vectors([me], False)[profile["id"]]
        likeness = {j["id"]: sum(map(float.__mul__, mine, self.known[j["id"], "description" in j])) for j in jobs}
        return sorted(likeness, key=lambda i: -likeness[i])


class JobMatch:
    name = "job-match"

    def __init__(self, folder, *options):
        self.folder, self.options = folder, options
        self.explained = {}  # (profile, job id): the line

    def rank(self, profile, jobs):
        me, them = os.path.join(self.folder, "profile.json"), os.path.join(self.folder, "jobs.jsonl")
        with open(me, "w", encoding="utf-8") as f:
            f.write(jsonl([profile]))
        with open(them, "w", encoding="utf-8") as f:
            f.write(jsonl(jobs))
        stage = "full" if any("description" in job for job in jobs) else "listing"
        told = run(["job-match", "-p", me, "--top=200", "--stage=" + stage, *self.options, them])
        matches = [json.loads(line) for line in told.splitlines()]
        for match in matches:
            self.explained[profile["id"], match["job"]["id"]] = match
        return [m["job"]["id"] for m in sorted(matches, key=lambda m: m["rank"])]


def rankings(data, ranker, buys=BUYS):
    """{number of full texts: {profile: ranking}}; the best by listing are bought, then everything is ranked again."""
    found = {n: {} for n in buys}
    for profile in data.profiles:
        name = profile["id"]
        first = ranker.rank(profile, data.jobs)
        for n in buys:
            found[n][name] = ranker.rank(profile, data.enriched(set(first[:n]))) if n else first
    return found


def summary(data, ranking):
    """{"all": …, "dev": …, "held-out": …} of score.score."""
    told = {"all": score.score(ranking, data.grades)}
    told.update((part, score.score(ranking, data.grades, names)) for part, names in data.parts.items())
    return told


def failures(data, ranking, ranker=None, count=15):
    """The profiles with the lowest nDCG: [(nDCG, profile, [what went wrong])]."""
    worst = []
    for profile in data.profiles:
        grades = data.grades[profile["id"]]
        ranked = ranking[profile["id"]]
        place = {job: n for n, job in enumerate(ranked, 1)}
        ndcg = score.judged(ranked, grades)[0]
        told = []
        for job in ranked[:10]:
            told.append(("%d." % place[job], grades.get(job, "-"), job))
        for job in sorted(grades, key=lambda j: place.get(j, 9999)):
            if grades[job] == 3 and place.get(job, 9999) > 10:
                told.append(("%s" % place.get(job, "not in the list"), 3, job))
        worst.append((ndcg, profile, told))
    worst.sort(key=lambda w: w[0])
    return worst[:count]
