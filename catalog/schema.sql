-- The tables of catalog.db (Datasette calls the database `catalog`). Unknown is NULL, never '' or 0.
-- Values of the coded columns are those of the codebook (docs/codebook.md).

CREATE TABLE about (           -- one row: what this catalog is
    title TEXT NOT NULL,
    subject TEXT NOT NULL,
    short_subject TEXT NOT NULL,
    description TEXT NOT NULL,
    examples TEXT NOT NULL,    -- JSON list of searches to try
    topics_sha256 TEXT NOT NULL,
    rules_sha256 TEXT NOT NULL,
    version TEXT NOT NULL,     -- of lbp-evidence-catalog
    sample INTEGER NOT NULL,   -- 1: invented records
    curation_sha256 TEXT,      -- of the curation file; NULL: built without one
    retractions_sha256 TEXT,   -- of the Retraction Watch file; NULL: built without one
    claims_sha256 TEXT NOT NULL, -- of the file of standing claims
    vocabulary TEXT NOT NULL,  -- its name: `name` of the topics file
    region TEXT,               -- the one of `regions` it is about; NULL: none
    place TEXT,                -- how sentences speak of it: the low back
    abstracts TEXT NOT NULL    -- what this copy carries of abstracts: full, excerpt, none (docs/rights.md)
);

CREATE TABLE designs (id TEXT PRIMARY KEY, position INTEGER NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL);
CREATE TABLE levels (id TEXT PRIMARY KEY, position INTEGER NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL);
CREATE TABLE interventions (id TEXT PRIMARY KEY, position INTEGER NOT NULL, name TEXT NOT NULL, short TEXT NOT NULL, description TEXT NOT NULL);
CREATE TABLE conditions (id TEXT PRIMARY KEY, position INTEGER NOT NULL, name TEXT NOT NULL, short TEXT NOT NULL, description TEXT NOT NULL);
-- Parts of the body a paper can be about, and whether such papers count as evidence; none where the vocabulary asks nothing of it.
CREATE TABLE regions (id TEXT PRIMARY KEY, position INTEGER NOT NULL, name TEXT NOT NULL, counts INTEGER NOT NULL);
CREATE TABLE vocabulary (text TEXT NOT NULL); -- one row: the topics file
CREATE TABLE prompt_kinds (id TEXT PRIMARY KEY, position INTEGER NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL);
CREATE TABLE notice_kinds (kind TEXT PRIMARY KEY, inverse TEXT NOT NULL); -- RetractionIn of one record is RetractionOf of the other
CREATE TABLE rules (id TEXT PRIMARY KEY, field TEXT NOT NULL, value TEXT, tier TEXT, cites TEXT);

CREATE TABLE articles (
    pmid INTEGER PRIMARY KEY,
    title TEXT,
    abstract TEXT,             -- as this copy carries it: about.abstracts
    journal TEXT,
    journal_abbreviation TEXT,
    volume TEXT,
    issue TEXT,
    pages TEXT,
    year INTEGER,
    published TEXT,
    authors TEXT,              -- as cited: "Doe J, Roe R"
    first_author TEXT,
    doi TEXT,
    pmcid TEXT,
    language TEXT,
    vernacular_title TEXT,
    design TEXT NOT NULL REFERENCES designs(id),
    included TEXT,
    level TEXT NOT NULL REFERENCES levels(id),
    jbjs TEXT NOT NULL,
    timing TEXT,
    region TEXT,
    participants INTEGER,
    studies INTEGER,
    comparator TEXT,
    basis TEXT,
    direction TEXT,
    followup_months REAL,
    harms TEXT,
    certainty TEXT,
    versus TEXT,               -- what the conclusion stands against: sham, active, sham_and_active, nothing; NULL: not known
    status TEXT NOT NULL,
    in_catalog_since TEXT,
    revised TEXT,
    indexing_method TEXT,
    conflict_of_interest TEXT,
    other_abstracts TEXT,      -- abstracts in other languages or plain language, kept apart
    version INTEGER NOT NULL,
    has_abstract INTEGER NOT NULL, -- 1: PubMed has an abstract, whether or not this copy carries it
    abstract_shift INTEGER     -- excerpt: a character's place in PubMed's abstract less its place in `abstract`
);
CREATE TABLE bibliography (    -- what only citations and exports need, one row an article
    pmid INTEGER PRIMARY KEY REFERENCES articles(pmid),
    kind TEXT NOT NULL,        -- journal, chapter, book
    issn TEXT,
    issn_type TEXT,            -- Print, Electronic
    nlm_unique_id TEXT,
    medline_ta TEXT,           -- the journal's title as PubMed abbreviates it
    country TEXT,
    printed TEXT,              -- the issue's date as printed: 2019 Jan-Feb, 2003 Spring
    article_date TEXT,         -- electronic publication
    entrez_date TEXT,
    date_completed TEXT,
    owner TEXT,
    medline_status TEXT,
    publication_status TEXT,   -- ppublish, epublish, aheadofprint
    book_title TEXT,
    publisher TEXT,
    publisher_place TEXT,
    isbn TEXT
);
CREATE TABLE article_interventions (
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    intervention TEXT NOT NULL REFERENCES interventions(id),
    role TEXT NOT NULL,
    favoured INTEGER,
    direction TEXT,            -- what the paper concludes for this one (catalog/evidence.py); NULL: it does not say
    PRIMARY KEY (pmid, intervention)
);
CREATE TABLE article_conditions (
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    condition TEXT NOT NULL REFERENCES conditions(id),
    PRIMARY KEY (pmid, condition)
);
CREATE TABLE tags (
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    rule TEXT NOT NULL,
    source TEXT NOT NULL,      -- curator, publication_type, mesh, title, abstract, notice, retraction_watch, model
    start INTEGER,             -- code points into title or PubMed's abstract; NULL for headings
    end INTEGER,
    quote TEXT NOT NULL,
    chosen INTEGER NOT NULL    -- 1: agrees with the value the record got
);
CREATE TABLE votes (           -- the learned vote on design, where the rules knew too little and it was asked
    pmid INTEGER PRIMARY KEY REFERENCES articles(pmid),
    label TEXT NOT NULL,       -- its own class (catalog/tagging/vote.json)
    value TEXT,                -- the label as a design; NULL: it leaves the record as it is
    score REAL NOT NULL,       -- the label's probability by the model, 0 to 1
    words TEXT NOT NULL,       -- JSON list of [words, start, end, weight] in the abstract, the weightiest first
    heard INTEGER NOT NULL     -- 1: sure, and other than the rules: it gave the design (tags: source model)
);
CREATE TABLE sections (
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    position INTEGER NOT NULL,
    label TEXT,
    category TEXT,
    text TEXT NOT NULL,
    PRIMARY KEY (pmid, position)
);
CREATE TABLE authors (
    id INTEGER PRIMARY KEY,
    last_name TEXT,
    fore_name TEXT,
    initials TEXT,
    suffix TEXT,
    collective TEXT,
    orcid TEXT
);
CREATE TABLE article_authors (
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    position INTEGER NOT NULL,
    author INTEGER NOT NULL REFERENCES authors(id),
    affiliation TEXT,
    PRIMARY KEY (pmid, position)
);
CREATE TABLE article_editors ( -- of books
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    position INTEGER NOT NULL,
    author INTEGER NOT NULL REFERENCES authors(id),
    PRIMARY KEY (pmid, position)
);
CREATE TABLE mesh_headings (
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    position INTEGER NOT NULL,
    ui TEXT,
    name TEXT NOT NULL,
    major INTEGER NOT NULL,
    qualifiers TEXT,
    PRIMARY KEY (pmid, position)
);
CREATE TABLE publication_types (pmid INTEGER NOT NULL REFERENCES articles(pmid), ui TEXT, name TEXT NOT NULL);
CREATE TABLE keywords (
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    position INTEGER NOT NULL,
    keyword TEXT NOT NULL,
    owner TEXT,
    PRIMARY KEY (pmid, position)
);
CREATE TABLE notices (         -- corrections, retractions, comments, versions: PubMed's CommentsCorrections
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    kind TEXT NOT NULL,
    notice_pmid INTEGER,
    citation TEXT,
    note TEXT
);
CREATE TABLE trials (          -- registry numbers, each once a record, as the registry writes them
    registry_id TEXT NOT NULL,
    registry TEXT,
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    kind TEXT NOT NULL,        -- trial; review (PROSPERO: the review's own); other (sequences, data sets)
    source TEXT NOT NULL,      -- databank (PubMed's DataBankList), title, abstract
    start INTEGER,
    end INTEGER,
    quote TEXT NOT NULL,       -- the number as written there
    own INTEGER NOT NULL       -- 0: only the background names it
);
CREATE TABLE trial_families (  -- reports of one trial and versions of one paper; an article is in one family or none
    family INTEGER NOT NULL,   -- its smallest PMID
    pmid INTEGER PRIMARY KEY REFERENCES articles(pmid),
    rule TEXT NOT NULL,        -- what ties it (family.*)
    quote TEXT NOT NULL,
    represents INTEGER NOT NULL -- 1: the one that counts for the family
);
-- What counts as evidence, one row a study and treatment under test: a trial once, by the paper that stands for it; none
-- retracted, none of another region of the body. Map, comparison and claims all count these rows (docs/evidence.md).
CREATE TABLE evidence (
    study INTEGER NOT NULL,    -- the trial family, else the paper itself
    pmid INTEGER NOT NULL REFERENCES articles(pmid), -- the paper that stands for it
    intervention TEXT NOT NULL REFERENCES interventions(id),
    level TEXT NOT NULL,
    design TEXT NOT NULL,
    included TEXT,
    direction TEXT,            -- for this treatment: the lesser of two of ours has 'against' where the paper has 'favours'
    basis TEXT,
    comparator TEXT,
    versus TEXT,               -- sham, active, sham_and_active, nothing; NULL: not known
    participants INTEGER,
    harms TEXT,
    certainty TEXT,
    year INTEGER,
    region TEXT,
    PRIMARY KEY (study, intervention)
);
CREATE TABLE claim_kinds (id TEXT PRIMARY KEY, position INTEGER NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL);
CREATE TABLE claim_outcomes ( -- judged: the direction of a paper speaks of this outcome
    id TEXT PRIMARY KEY, position INTEGER NOT NULL, name TEXT NOT NULL, judged INTEGER NOT NULL
);
CREATE TABLE claims (          -- the standing claims of the field: what is said, not what is found (catalog/claims.yml)
    id TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    statement TEXT NOT NULL,
    kind TEXT NOT NULL REFERENCES claim_kinds(id),
    outcome TEXT NOT NULL REFERENCES claim_outcomes(id),
    comparator TEXT,           -- what a comparison compares with, joined by ;
    asserts TEXT REFERENCES levels(id), -- the level it says it has
    words TEXT,                -- its evidence names one of them, joined by ;; NULL: no such limit
    settled_by TEXT NOT NULL,
    designs TEXT,              -- that could settle it, joined by ;
    versus TEXT,               -- what they must compare with, joined by ;; NULL: with anything
    note TEXT,
    outside TEXT               -- why the catalog cannot say anything; NULL: it can
);
CREATE TABLE claim_interventions ( -- apart 1: a product the claim does not mean, shown after its own
    claim TEXT NOT NULL REFERENCES claims(id),
    position INTEGER NOT NULL,
    intervention TEXT NOT NULL REFERENCES interventions(id),
    apart INTEGER NOT NULL,
    PRIMARY KEY (claim, intervention)
);
CREATE TABLE claim_conditions ( -- none: any condition
    claim TEXT NOT NULL REFERENCES claims(id),
    position INTEGER NOT NULL,
    condition TEXT NOT NULL REFERENCES conditions(id),
    PRIMARY KEY (claim, condition)
);
CREATE TABLE claim_evidence (  -- the studies of `evidence` that bear on a claim, by treatment; and what is not counted
    claim TEXT NOT NULL REFERENCES claims(id),
    intervention TEXT NOT NULL REFERENCES interventions(id),
    study INTEGER NOT NULL,
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    part TEXT NOT NULL,        -- counts, retracted
    PRIMARY KEY (claim, intervention, pmid)
);
CREATE TABLE comment_threads ( -- papers and the comments and replies on them, in the catalog or not
    thread INTEGER NOT NULL,   -- the smallest PMID
    pmid INTEGER PRIMARY KEY
);
CREATE TABLE prompts (         -- what a person may weigh when grading; never graded by machine
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    prompt TEXT NOT NULL REFERENCES prompt_kinds(id),
    rule TEXT NOT NULL,
    source TEXT NOT NULL,      -- title, abstract, mesh, conflict_of_interest, affiliation, status; absence: quote is NULL
    start INTEGER,             -- code points into title, abstract or conflict_of_interest
    end INTEGER,
    quote TEXT                 -- NULL: nothing in title or abstract says it
);
CREATE TABLE results (         -- effects on pain and function in numbers, as written: quoted, never recomputed
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    outcome TEXT NOT NULL,     -- pain, function, success
    measure TEXT,              -- the scale: VAS, NRS, ODI, RMDQ ...; NULL: none named
    timepoint TEXT,            -- as written; NULL: none named
    text TEXT NOT NULL,        -- the clause
    start INTEGER NOT NULL,    -- code points into the abstract
    end INTEGER NOT NULL
);
CREATE TABLE spin (            -- conclusions that claim more than their own results; both quoted, graded by nobody
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    rule TEXT NOT NULL,        -- spin.*
    field TEXT NOT NULL,       -- on which they disagree: direction, basis, harms
    claims TEXT NOT NULL,      -- the conclusion, in the field's values
    reports TEXT NOT NULL,     -- the results, in the field's values
    says TEXT NOT NULL,        -- what a reader is told
    conclusion TEXT NOT NULL,
    conclusion_source TEXT NOT NULL, -- title, abstract
    conclusion_start INTEGER NOT NULL,
    conclusion_end INTEGER NOT NULL,
    results TEXT NOT NULL,     -- from the abstract
    results_start INTEGER NOT NULL,
    results_end INTEGER NOT NULL,
    PRIMARY KEY (pmid, rule)
);
CREATE TABLE curation (        -- every correction of the curation file that is sound
    line INTEGER PRIMARY KEY,
    pmid INTEGER NOT NULL,     -- perhaps not in the catalog
    field TEXT NOT NULL,
    value TEXT NOT NULL,       -- as written: a value, blank, a list, +value or -value
    who TEXT NOT NULL,
    "when" TEXT NOT NULL,      -- YYYY-MM-DD
    why TEXT NOT NULL,
    rules_say TEXT,            -- what the rules alone give; NULL: nothing
    outcome TEXT NOT NULL      -- corrects, rules_agree, not_in_catalog, does_not_fit
);
CREATE TABLE retraction_watch ( -- lines of the Retraction Watch file that are about an article here
    record_id TEXT NOT NULL,
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    matched_by TEXT NOT NULL,  -- pmid, doi
    nature TEXT NOT NULL,      -- Retraction, Expression of concern, Correction, Reinstatement
    date TEXT,
    reason TEXT,
    notice_pmid INTEGER,
    notice_doi TEXT
);
CREATE TABLE leans_on_retracted ( -- reviews and guidelines whose reference list (PubMed has it for few) holds a retracted paper
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    cited_pmid INTEGER NOT NULL,
    source TEXT NOT NULL,      -- catalog (its status here), notice, retraction_watch
    quote TEXT NOT NULL,
    PRIMARY KEY (pmid, cited_pmid)
);
CREATE TABLE article_references (pmid INTEGER NOT NULL REFERENCES articles(pmid), cited_pmid INTEGER NOT NULL);

-- What the site's search knows of words (catalog/lexicon.py).
CREATE TABLE words (           -- the words of articles_fts as papers spell them, without capitals and accents
    word TEXT PRIMARY KEY,
    stem TEXT NOT NULL,        -- what the index keeps of it
    papers INTEGER NOT NULL    -- that hold the word; one of a single paper is kept in small catalogs only
) WITHOUT ROWID;
CREATE TABLE synonyms (        -- texts of one meaning: each is searched for the others
    meaning INTEGER NOT NULL,
    position INTEGER NOT NULL,
    text TEXT NOT NULL,
    source TEXT NOT NULL,      -- vocabulary (the topics file), lexicon (catalog/lexicon.yml)
    PRIMARY KEY (meaning, position)
);
CREATE TABLE spellings (       -- two ways to write part of a word: either is searched for the other
    position INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,        -- spelling (`-` at an end: the word goes on there), letter
    one TEXT NOT NULL,
    other TEXT NOT NULL
);
CREATE TABLE unsearched (word TEXT PRIMARY KEY); -- too common to be searched for outside quotation marks
CREATE TABLE typed_values (    -- what may be typed for a facet's value: level:II
    facet TEXT NOT NULL,
    value TEXT NOT NULL,
    typed TEXT NOT NULL,
    PRIMARY KEY (facet, typed)
);

-- The site's order of papers and its sets of them (catalog/shelving.py), so that it opens a large catalog in a moment.
CREATE TABLE shelf (
    part TEXT NOT NULL,        -- order: PMIDs, newest first; facet, role, concluded, counted, once: sets; arrival: numbers
    name TEXT NOT NULL,        -- the facet, or the treatment a role, conclusion or count is of
    value TEXT,
    data BLOB NOT NULL,        -- of a set, bit n of the lowest-first number is paper n of the order
    PRIMARY KEY (part, name, value)
);

CREATE TABLE runs (            -- the harvests this catalog was built from
    id INTEGER PRIMARY KEY, command TEXT NOT NULL, started TEXT NOT NULL, finished TEXT, state TEXT NOT NULL,
    harvester TEXT NOT NULL, topics_sha256 TEXT, topics_name TEXT, base_url TEXT, message TEXT
);
CREATE TABLE searches (
    id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs(id), topic TEXT NOT NULL, purpose TEXT NOT NULL,
    database TEXT NOT NULL, interface TEXT NOT NULL, written TEXT NOT NULL, strategy TEXT NOT NULL,
    limits TEXT, translation TEXT,
    count INTEGER NOT NULL, listed INTEGER, parts INTEGER, at TEXT NOT NULL, state TEXT NOT NULL, warnings TEXT
);
CREATE TABLE search_hits (     -- the topic's searches found the PMID from search_id until gone_search_id (NULL: still)
    topic TEXT NOT NULL, pmid INTEGER NOT NULL, search_id INTEGER NOT NULL REFERENCES searches(id), gone_search_id INTEGER,
    PRIMARY KEY (topic, pmid, search_id)
);
CREATE TABLE changes (         -- what later harvests changed, both versions read by today's rules; arrivals: in_catalog_since
    at TEXT NOT NULL,          -- when a harvest brought it (UTC)
    pmid INTEGER NOT NULL,     -- of a deleted record: no longer in articles
    kind TEXT NOT NULL,        -- status, level, tag (another field), text, gone (no search finds it now), deleted (by NLM)
    field TEXT,                -- a column of articles, or interventions, conditions; NULL for gone and deleted
    before TEXT,               -- NULL: unknown or none; of gone: the topics that found it
    after TEXT,
    title TEXT                 -- of a deleted record
);

CREATE INDEX changes_by_time ON changes(at, pmid);
CREATE INDEX changes_by_article ON changes(pmid);
CREATE INDEX articles_by_arrival ON articles(in_catalog_since DESC, pmid DESC);
CREATE INDEX tags_by_article ON tags(pmid, field, chosen);
CREATE INDEX tags_by_value ON tags(field, value);
CREATE INDEX tags_overruled ON tags(pmid DESC) WHERE field = 'design' AND source = 'publication_type' AND chosen = 0;
CREATE INDEX articles_by_level ON articles(level, year DESC);
CREATE INDEX articles_by_design ON articles(design, year DESC);
CREATE INDEX articles_by_year ON articles(year DESC, pmid DESC);
CREATE INDEX articles_by_status ON articles(status);
CREATE INDEX articles_by_doi ON articles(doi COLLATE NOCASE);
CREATE INDEX articles_by_pmcid ON articles(pmcid) WHERE pmcid IS NOT NULL;
CREATE INDEX leans_by_cited ON leans_on_retracted(cited_pmid);
CREATE INDEX articles_by_journal ON articles(journal, journal_abbreviation);
CREATE INDEX interventions_by_article ON article_interventions(intervention, pmid);
CREATE INDEX conditions_by_article ON article_conditions(condition, pmid);
CREATE INDEX authors_articles ON article_authors(author, pmid);
CREATE INDEX mesh_by_article ON mesh_headings(name, pmid);
CREATE INDEX types_by_article ON publication_types(pmid);
CREATE INDEX notices_by_article ON notices(pmid);
CREATE INDEX notices_by_notice ON notices(notice_pmid);
CREATE INDEX trials_by_number ON trials(registry_id);
CREATE INDEX trials_by_article ON trials(pmid);
CREATE INDEX families_by_family ON trial_families(family);
CREATE INDEX evidence_by_intervention ON evidence(intervention, level, versus, direction);
CREATE INDEX evidence_by_article ON evidence(pmid);
CREATE INDEX claims_by_article ON claim_evidence(pmid);
CREATE INDEX threads_by_thread ON comment_threads(thread);
CREATE INDEX prompts_by_article ON prompts(pmid);
CREATE INDEX prompts_by_prompt ON prompts(prompt);
CREATE INDEX results_by_article ON results(pmid);
CREATE INDEX curation_by_article ON curation(pmid);
CREATE INDEX watch_by_article ON retraction_watch(pmid);
CREATE INDEX references_by_article ON article_references(pmid);
CREATE INDEX references_by_cited ON article_references(cited_pmid);
CREATE INDEX hits_by_article ON search_hits(pmid);

-- What full-text search reads; external content of articles_fts.
CREATE VIEW articles_text AS
SELECT pmid, title, abstract, authors, journal,
    nullif(trim(
        coalesce((SELECT group_concat(name, '; ') FROM (SELECT name FROM mesh_headings m WHERE m.pmid = a.pmid ORDER BY position)), '')
        || '; ' ||
        coalesce((SELECT group_concat(keyword, '; ') FROM (SELECT keyword FROM keywords k WHERE k.pmid = a.pmid ORDER BY position)), ''),
        '; '), '') AS subjects,
    NULL AS abstract_words     -- only in the index, and there only of an abstract that this copy does not carry whole
FROM articles a;

CREATE VIRTUAL TABLE articles_fts USING fts5(
    title, abstract, authors, journal, subjects, abstract_words,
    content='articles_text', content_rowid='pmid', tokenize='porter unicode61 remove_diacritics 2'
);

-- Records whose sources disagree: NLM's publication types say one design, the paper's own words gave another; or a
-- conclusion claims more than its results (table spin): `quote` is the conclusion, `results` what it goes beyond.
CREATE VIEW conflicts AS
SELECT t.pmid AS pmid, t.field AS field, a.design AS chosen, t.value AS disagrees, t.source AS source, t.rule AS rule, t.quote AS quote,
    NULL AS results, NULL AS says
FROM tags t JOIN articles a ON a.pmid = t.pmid
WHERE t.field = 'design' AND t.source = 'publication_type' AND t.chosen = 0
AND NOT (t.value = 'narrative_review' AND a.design IN ('systematic_review', 'guideline', 'case_report'))
AND NOT EXISTS (SELECT 1 FROM tags x WHERE x.pmid = t.pmid AND x.field = 'design' AND x.chosen = 1 AND x.source = 'publication_type')
GROUP BY t.pmid, t.field, t.value
UNION ALL
SELECT s.pmid, s.field,
    CASE s.field WHEN 'direction' THEN a.direction WHEN 'basis' THEN a.basis ELSE a.harms END,
    -- the side that is not the value the record got; the conclusion's claim where neither is
    CASE WHEN s.claims = CASE s.field WHEN 'direction' THEN a.direction WHEN 'basis' THEN a.basis ELSE a.harms END
        THEN s.reports ELSE s.claims END,
    s.conclusion_source, s.rule, s.conclusion, s.results, s.says
FROM spin s JOIN articles a ON a.pmid = s.pmid;

-- One row a trial family or single article: what a count that takes each trial once counts (rules: catalog/families.py).
CREATE VIEW studies AS
SELECT coalesce(f.family, a.pmid) AS study, a.pmid AS pmid, f.family AS family,
    CASE WHEN f.family IS NULL THEN 1 ELSE (SELECT count(*) FROM trial_families m WHERE m.family = f.family) END AS reports,
    a.title AS title, a.year AS year, a.design AS design, a.level AS level, a.status AS status
FROM articles a LEFT JOIN trial_families f ON f.pmid = a.pmid
WHERE f.pmid IS NULL OR f.represents = 1;

-- Notices, comments and versions of an article, told by its own record or (told_by = the other's PMID) by another's.
CREATE VIEW related_notices AS
SELECT n.pmid AS pmid, n.kind AS kind, n.notice_pmid AS notice_pmid, n.citation AS citation, n.note AS note, n.pmid AS told_by
FROM notices n WHERE n.kind IN (SELECT kind FROM notice_kinds)
UNION ALL
SELECT n.notice_pmid, k.inverse, n.pmid, o.citation, n.note, n.pmid
FROM notices n JOIN notice_kinds k ON k.kind = n.kind
JOIN articles a ON a.pmid = n.notice_pmid
JOIN (SELECT pmid, coalesce(journal_abbreviation, journal) || coalesce('. ' || year, '') AS citation FROM articles) o ON o.pmid = n.pmid
WHERE n.pmid != n.notice_pmid
AND NOT EXISTS (SELECT 1 FROM notices x WHERE x.pmid = n.notice_pmid AND x.notice_pmid = n.pmid AND x.kind = k.inverse);

-- Corrections to look at again: the rules now say the same, the article is not here, or the field does not fit its design.
CREATE VIEW curation_to_review AS
SELECT line, pmid, field, value, who, "when", why, rules_say, outcome FROM curation WHERE outcome != 'corrects';
