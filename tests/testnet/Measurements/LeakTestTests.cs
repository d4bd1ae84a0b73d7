using Bft.Bench.ConstantTime;

namespace Bft.Testnet.Tests.Measurements;

/// <summary>The statistics of the constant-time measurement, on made-up timings.</summary>
public sealed class LeakTestTests
{
    private const int Seed = 20261201;

    [Fact]
    public void T_is_that_of_the_textbook()
    {
        var test = new WelchTest();
        foreach (double value in new[] { 27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4 })
        {
            test.Add(0, value);
        }

        foreach (double value in new[] { 27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 24.0 })
        {
            test.Add(1, value);
        }

        // Means 20.82 and 23.6267, variances 7.8874 and 6.4421.
        double expected = (20.82 - 23.626666666666665) / Math.Sqrt((Variance([27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4]) / 15)
            + (Variance([27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 24.0]) / 15));
        Assert.Equal(expected, test.T, 9);
        Assert.True(test is { Least: 15, Count: 30 });
    }

    [Fact]
    public void Too_few_or_equal_samples_say_nothing()
    {
        var test = new WelchTest();
        test.Add(0, 1);
        test.Add(1, 2);
        Assert.Equal(0, test.T);
        test.Add(0, 1);
        test.Add(1, 2);
        Assert.Equal(double.NegativeInfinity, test.T);
        var same = new WelchTest();
        for (int i = 0; i < 4; i++)
        {
            same.Add(i % 2, 5);
        }

        Assert.Equal(0, same.T);
    }

    [Fact]
    public void Equal_classes_are_not_told_apart()
    {
        LeakTest test = Filled(difference: 0, outliers: 0.02);
        Assert.False(test.Leaks, $"|t| {test.MaxT}, seed {Seed}");
    }

    [Fact]
    public void A_small_difference_is_found()
    {
        LeakTest test = Filled(difference: 0.5, outliers: 0);
        Assert.True(test.Leaks, $"|t| {test.MaxT}, seed {Seed}");
    }

    [Fact]
    public void A_small_difference_under_slow_outliers_is_found_in_the_cropped_tests()
    {
        LeakTest test = Filled(difference: 0.5, outliers: 0.02);
        Assert.True(test.Leaks, $"|t| {test.MaxT}, seed {Seed}");
        Assert.False(Filled(difference: 0.5, outliers: 0.02, crops: 0).Leaks, "Without cropping the outliers hide it: this test shows nothing then.");
    }

    [Fact]
    public void One_class_alone_is_no_leak()
    {
        var test = new LeakTest([1, 2, 3]);
        for (int i = 0; i < 10_000; i++)
        {
            test.Add(0, i);
        }

        Assert.Equal(0, test.MaxT);
        Assert.Throws<ArgumentException>(() => new LeakTest([]));
    }

    [Fact]
    public void Every_routine_runs_and_has_a_name_of_its_own()
    {
        Assert.Equal(SecretRoutine.All.Count, SecretRoutine.All.Select(routine => routine.Name).Distinct().Count());
        Assert.Single(SecretRoutine.All, routine => routine.MustLeak);
        foreach (SecretRoutine routine in SecretRoutine.All)
        {
            routine.Prepare(routine.Special ?? [.. Enumerable.Repeat((byte)7, routine.SecretBytes)])();
            routine.Prepare([.. Enumerable.Repeat((byte)0xa5, routine.SecretBytes)])();
        }
    }

    // Bell-shaped around 100, some of them slow by a lot.
    private static LeakTest Filled(double difference, double outliers, int crops = 20)
    {
        var random = new Random(Seed);
        double Sample(int group) => 100 + (group * difference) + Enumerable.Range(0, 12).Sum(_ => random.NextDouble()) - 6 + (random.NextDouble() < outliers ? 5_000 * random.NextDouble() : 0);
        var test = new LeakTest(Enumerable.Range(0, 2_000).Select(_ => Sample(random.Next(2))), crops);
        for (int i = 0; i < 20_000; i++)
        {
            int group = random.Next(2);
            test.Add(group, Sample(group));
        }

        return test;
    }

    private static double Variance(double[] values) => values.Sum(value => (value - values.Average()) * (value - values.Average())) / (values.Length - 1);
}
